// All sessions that may be read, newest first, and what they are filtered by.

import { read } from "./api.js";
import { trying } from "./desk.js";
import { button, choice, el, field, name } from "./dom.js";
import { moment, signed } from "./format.js";
import { step } from "./keys.js";
import { badge, course, level } from "./marks.js";
import { t, term } from "./words.js";

const STATES = ["steady", "rising", "falling", "low", "volatile", "recovering", "unknown"];
const TAKES = ["person", "from", "to", "level_min", "incongruence_min", "state", "model", "rating"];
const APART = [0.2, 0.4, 0.6];
const DAY_S = 86_400;

/** What the API takes, of what stands in the address: days there become unix s. */
export function wanted(query) {
  const asked = Object.fromEntries(TAKES.filter((key) => query.get(key)).map((key) => [key, query.get(key)]));
  for (const key of ["from", "to"]) {
    const at = Date.parse(`${asked[key]}T00:00:00`) / 1000;
    if (Number.isFinite(at)) asked[key] = at + (key === "to" ? DAY_S : 0); // the last day with it
    else delete asked[key];
  }
  return asked;
}

export class Sessions {
  #found = [];
  #next = null;
  #read = false;

  constructor(root, _, query) {
    Object.assign(this, { root, query });
    this.#more();
  }

  draw() {
    this.form = this.#form();
    this.body = el("tbody", { id: "sessions" });
    this.foot = el("div.foot", {});
    const columns = ["when", "person", "turns", "risk", "apart", "course", "valence", "case"];
    const head = el("tr", {}, ...columns.map((each) => el(`th.${each === "case" ? "of-case" : each}`, { scope: "col" }, t(`col.${each}`))));
    this.root.replaceChildren(
      el(
        "section.column.wide",
        { "aria-labelledby": "sessions-title" },
        el("header.head", {}, el("h1", { id: "sessions-title" }, t("sessions.title"))),
        this.form,
        el("div.scrolls", {}, el("table.sessions", {}, el("thead", {}, head), this.body)),
        this.foot,
      ),
    );
    this.#list();
  }

  #form() {
    const any = ["", t("filter.any")];
    const at = (key) => this.query.get(key) ?? "";
    const fields = [
      field(t("filter.person"), el("input", { name: "person", id: "filter-person", value: at("person"), maxlength: 128, autocomplete: "off", spellcheck: "false" })),
      field(t("filter.from"), el("input", { name: "from", type: "date", value: at("from") })),
      field(t("filter.to"), el("input", { name: "to", type: "date", value: at("to") })),
      field(t("filter.level"), choice("level_min", [any, ...[1, 2, 3, 4].map((n) => [n, t("filter.least", { n })])], at("level_min"))),
      field(t("filter.apart"), choice("incongruence_min", [any, ...APART.map((n) => [n, `≥ ${n}`])], at("incongruence_min"))),
      field(t("filter.state"), choice("state", [any, ...STATES.map((code) => [code, term("state", code)])], at("state"))),
      field(t("filter.rating"), choice("rating", [any, ...["like", "dislike"].map((code) => [code, term("rating", code)])], at("rating"))),
      field(t("filter.model"), el("input", { name: "model", value: at("model"), maxlength: 200, autocomplete: "off", spellcheck: "false" })),
    ];
    const changed = (event) => {
      event.preventDefault();
      const given = [...new FormData(event.currentTarget)].map(([key, value]) => [key, value.trim()]);
      const query = new URLSearchParams(given.filter(([, value]) => value));
      location.hash = query.size ? `#/sessions?${query}` : "#/sessions";
    };
    const clear = [...this.query.keys()].length ? button(t("filter.clear"), () => (location.hash = "#/sessions")) : null;
    return el("form.filter", { "aria-label": t("filter"), onchange: changed, onsubmit: changed }, ...fields, clear);
  }

  async #more() {
    const page = await trying(() => read("/sessions", { ...wanted(this.query), limit: 50, cursor: this.#next ?? "" }));
    this.#read = true;
    if (page) {
      this.#found.push(...page.items);
      this.#next = page.next;
    }
    this.#list();
  }

  #list() {
    if (!this.body) return;
    this.body.replaceChildren(...this.#found.map((each) => row(each)));
    const none = this.#found.length ? null : el("p.empty", {}, t(this.#read ? "sessions.none" : "loading"));
    const more = this.#next ? button(t("more"), () => this.#more(), { id: "more" }) : null;
    this.foot.replaceChildren(...[none, more].filter(Boolean));
  }

  key(key) {
    if (key === "j" || key === "k") return step([...this.body.querySelectorAll("a.opens")], key === "j" ? 1 : -1) !== null;
    if (key === "/") {
      this.form.querySelector("input").focus();
      return true;
    }
    return false;
  }
}

function row(each) {
  const highest = Math.max(each.level, each.held_level); // read in a turn, or where the protocol stands
  const where = `#/session/${encodeURIComponent(each.id)}`;
  const link = el("a.opens", { href: where, "data-session": each.id }, moment(each.started_at));
  const open = (event) => {
    if (!event.target.closest("a")) location.hash = where;
  };
  return el(
    "tr",
    { onclick: open },
    el("th.when", { scope: "row" }, link, each.online ? el("span.lamp.on", {}, el("i", {}), t("queue.online")) : null),
    el("td.person", {}, name(each.user_id)),
    el("td.turns", {}, String(each.turns)),
    el("td.risk", {}, highest ? [badge(highest), el("span", {}, level(highest, []))] : el("span.faint", {}, "—")),
    el("td.apart", {}, each.incongruent_kind ? [el("i.diamond", { "aria-hidden": "true" }, "◆"), term("apart", each.incongruent_kind)] : el("span.faint", {}, "—")),
    el("td.course", {}, course(each.state)),
    el("td.valence", {}, each.valence_mean === null ? el("span.faint", {}, "—") : signed(each.valence_mean)),
    el("td.of-case", {}, each.case ? term("case", each.case.state) : el("span.faint", {}, "—")),
  );
}
