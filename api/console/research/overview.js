// What is there: counts and a few plots, of people who agree to research. Small cells come from the server as null.

import { button, el } from "/desk/dom.js";
import { readOverview } from "./api.js";
import { atLeast, date, percent } from "./format.js";
import { hours, ratings, retention, table } from "./plots.js";
import { why } from "./telling.js";
import { t, term } from "./words.js";

export class OverviewPage {
  constructor(root) {
    Object.assign(this, { root, found: null, closed: false });
  }

  draw() {
    if (this.found) this.#show();
    else this.#load();
  }

  close() {
    this.closed = true;
  }

  async #load() {
    this.root.replaceChildren(el("p.empty", { role: "status" }, t("loading")));
    try {
      this.found = await readOverview();
    } catch (error) {
      if (error.code === undefined) throw error;
      if (this.closed || error.status === 401) return;
      this.root.replaceChildren(el("div.empty", { role: "alert" }, el("p", {}, why(error)), button(t("again"), () => this.#load())));
      return;
    }
    if (!this.closed) this.#show();
  }

  #show() {
    const found = this.found;
    const few = found.smallest_cell;
    const head = el(
      "header.page-head",
      {},
      el("h1", {}, t("over.title")),
      el("p.lead", {}, t("over.lead", { date: date(found.as_of), n: few, step: found.step })),
    );
    if (found.totals.people === null) {
      const nothing = el("div.sheet.nothing", {}, el("h2", {}, t("over.none")), el("p.hint", {}, t("over.none.why", { n: few })));
      this.root.replaceChildren(el("div.page", {}, head, nothing));
      return;
    }
    const tile = (name, value, share = null) =>
      el("div.tile", {}, el("dt", {}, t(`over.${name}`)), el("dd", {}, atLeast(value, few), share && el("small", {}, share)));
    const { people, training, dialogues, turns, rated } = found.totals;
    const share = training === null ? null : t("over.of", { share: percent(Math.min(1, training / people)) });
    const tiles = el(
      "dl.tiles",
      {},
      tile("people", people),
      tile("training", training, share),
      tile("dialogues", dialogues),
      tile("turns", turns),
      tile("rated", rated),
    );
    const languages = table(
      t("over.languages"),
      ["over.language", "over.people", "over.dialogues", "over.turns"].map((name) => t(name)),
      found.languages.map((each) => [
        term("lang", each.name),
        ...[each.people, each.dialogues, each.turns].map((count) => atLeast(count, few)),
      ]),
    );
    this.root.replaceChildren(
      el(
        "div.page",
        {},
        head,
        tiles,
        el(
          "div.plots",
          {},
          hours(found.hours, few, found.timezone),
          retention(found.cohorts, few),
          ratings(found.models, few),
          el("section.sheet.plain-table", {}, el("h2", {}, t("over.languages")), languages),
        ),
        el("p.page-foot", {}, el("a.solid.as-link", { href: "#/ask" }, t("over.ask"))),
      ),
    );
  }
}
