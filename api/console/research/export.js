// One export: where it stands, what was asked for, who decides, what came of it.

import { asking, button, el, keepingFocus, name } from "/desk/dom.js";
import { approve, cancel, decline, listExports, readExport } from "./api.js";
import { badge, short } from "./exports.js";
import { Flags } from "./flags.js";
import { date, lasting, moment, number } from "./format.js";
import { results } from "./results.js";
import { announce, approves, mine, told, trying, waitsForMe, why } from "./telling.js";
import { later } from "./waiting.js";
import { t, term, terms } from "./words.js";

const EVERY_MS = { requested: 15_000, queued: 4000, running: 4000, review: 15_000 }; // what stands otherwise, changes no more
const MOVES = ["queued", "running"];
const STEPS = ["asked", "approved", "made", "review", "published"];
const AT = { requested: 1, queued: 2, running: 2, review: 3, published: 5 }; // the step that it waits for
const STAGES = ["survey", "de_identification", "rare_content", "review", "package", "leak_test", "publish"];
const OPEN = ["requested", "queued", "running", "review"];

/** A term and what it is. */
const pair = (label, ...value) => el("div", {}, el("dt", {}, label), el("dd", {}, ...value));

export class ExportPage {
  constructor(root, id) {
    Object.assign(this, { root, id, found: null, before: "", closed: false, flags: null });
  }

  draw() {
    if (this.found) this.#show();
    else {
      this.root.replaceChildren(el("p.empty", { role: "status" }, t("loading")));
      this.#load();
    }
  }

  close() {
    this.closed = true;
    this.stop?.();
  }

  async #load() {
    this.stop?.();
    try {
      const found = await readExport(this.id);
      if (this.closed) return;
      this.#is(found);
    } catch (error) {
      if (error.code === undefined) throw error;
      if (this.closed || error.status === 401) return;
      if (!this.found) {
        const back = el("a.plain", { href: "#/exports" }, t("export.back"));
        this.root.replaceChildren(el("div.empty", { role: "alert" }, el("p", {}, why(error)), back));
        return;
      }
    }
    this.#again();
  }

  #again() {
    this.stop?.();
    const after = EVERY_MS[this.found.state];
    if (after && !this.closed) this.stop = later(after, () => this.#load());
  }

  /** It stands like this now. */
  #is(found) {
    const state = this.found?.state;
    const now = JSON.stringify(found);
    this.found = found;
    if (state && state !== found.state) announce(t("export.now", { state: term("state", found.state) }));
    if (now !== this.before) this.#show();
    this.before = now;
    if (state !== found.state) listExports().then((all) => document.dispatchEvent(new CustomEvent("exports", { detail: all })), () => {});
  }

  async #act(work, said) {
    const found = await trying(work);
    if (found === null) {
      this.#load();
      return;
    }
    told(t(said));
    this.#is({ ...this.found, ...found, files: this.found.files, notices: this.found.notices });
    this.#load();
  }

  #show() {
    const each = this.found;
    const head = el(
      "header.page-head",
      {},
      el("a.back", { href: "#/exports", key: "back" }, t("export.back")),
      el("h1", {}, t("export.title", { id: short(each.id) }), " ", badge(each.state)),
      el("p.purpose", { dir: "auto" }, each.purpose),
    );
    if (each.state !== "review") this.flags = null;
    else if (waitsForMe(each)) this.flags ??= new Flags(this.id, (found) => this.#is({ ...this.found, ...found, files: [], notices: this.found.notices }), () => this.#load());
    keepingFocus(this.root, () =>
      this.root.replaceChildren(
        el(
          "div.page.two",
          {},
          el("div.main-part", {}, head, this.#notices(), this.#standing(), this.flags?.node() ?? null, ...results(each, mine(each))),
          el("aside.aside-part", { "aria-label": t("export.asked") }, this.#facts()),
        ),
      ),
    );
  }

  #notices() {
    const notices = this.found.notices.map((each) =>
      el(
        "li.notice",
        {},
        el("p", {}, t(`notice.${each.kind}`, { date: date(each.at), n: each.tombstones })),
        each.successor && el("a.plain", { href: `#/export/${each.successor}` }, t("notice.successor")),
      ),
    );
    return notices.length ? el("ul.notices", { "aria-label": t("notices") }, ...notices) : null;
  }

  #standing() {
    const each = this.found;
    const at = AT[each.state] ?? -1;
    const steps =
      at >= 0 &&
      el(
        "ol.steps",
        { "aria-label": t("export.steps") },
        ...STEPS.map((step, place) => {
          const done = place < at;
          return el(`li.step${done ? ".done" : ""}`, { "aria-current": place === at && "step" }, term("step", step));
        }),
      );
    return el(
      "section.sheet.standing",
      { "aria-labelledby": "standing" },
      el("h2", { id: "standing" }, t("export.standing")),
      steps || null,
      each.failure && el("p.trouble", { role: "alert" }, term("failure", each.failure)),
      el("p.hint", { id: "state-hint" }, this.#hint()),
      MOVES.includes(each.state) && this.#progress(),
      this.#acts(),
    );
  }

  #hint() {
    const each = this.found;
    if (each.state === "requested") return t(mine(each) ? "hint.requested.mine" : "hint.requested");
    if (each.state === "review") return t(mine(each) || !approves() ? "hint.review.mine" : "hint.review", { n: each.progress?.flags ?? 0 });
    if (each.state === "published") return t("hint.published", { date: date(each.expires_at), lasting: lasting(each.expires_at - Date.now() / 1000) });
    return t(`hint.${each.state}`);
  }

  #progress() {
    const { stage = "queued", people = 0, done = 0 } = this.found.progress ?? {};
    const counted = people > 0;
    const text = counted ? t("progress.of", { stage: term("stage", stage), done: number(done), people: number(people) }) : term("stage", stage);
    const bar = el("progress", { "aria-label": t("progress"), ...(counted ? { max: people, value: done } : {}) });
    const place = STAGES.indexOf(stage);
    return el("div.progress", {}, bar, el("p", { id: "progress-text" }, text, place >= 0 && el("span.faint", {}, ` · ${t("progress.stage", { n: place + 1, all: STAGES.length })}`)));
  }

  #acts() {
    const each = this.found;
    const acts = [];
    if (each.state === "requested" && waitsForMe(each)) {
      acts.push(button(t("act.approve"), () => this.#approve(), { what: "button.solid", key: "approve" }));
      acts.push(button(t("act.decline"), () => this.#decline(), { key: "decline" }));
    }
    if (mine(each) && OPEN.includes(each.state)) acts.push(button(t("act.cancel"), () => this.#cancel(), { key: "cancel" }));
    return acts.length ? el("div.acts", {}, ...acts) : null;
  }

  async #approve() {
    const crisis = this.found.request.crisis_text;
    const box = crisis && el("label.check", {}, el("input", { type: "checkbox", name: "crisis" }), el("span", {}, t("approve.crisis"), el("small", {}, t("approve.crisis.hint"))));
    const given = await asking(t("approve.title"), [el("p", {}, t("approve.lead")), box || null], { go: t("act.approve"), no: t("back") });
    if (given) await this.#act(() => approve(this.id, given.get("crisis") === "on"), "done.approved");
  }

  async #decline() {
    const given = await asking(t("decline.title"), [el("p", {}, t("decline.lead"))], { go: t("act.decline"), no: t("back"), danger: true });
    if (given) await this.#act(() => decline(this.id), "done.declined");
  }

  async #cancel() {
    const given = await asking(t("cancel.title"), [el("p", {}, t("cancel.lead"))], { go: t("act.cancel"), no: t("back"), danger: true });
    if (given) await this.#act(() => cancel(this.id), "done.cancelled");
  }

  #facts() {
    const each = this.found;
    const asked = each.request;
    const { since, until, language, persona, model, rated, min_turns: turns } = asked.filters;
    const filters = [
      since !== null && t("filter.since", { date: date(since) }),
      until !== null && t("filter.until", { date: date(until - 1) }),
      language && `${t("ask.language")}: ${term("lang", language)}`,
      persona && `${t("ask.persona")}: ${persona}`,
      model && `${t("ask.model")}: ${model}`,
      rated && `${t("ask.rated")}: ${term("rated", rated)}`,
      turns > 1 && t("filter.turns", { n: turns }),
    ].filter(Boolean);
    return el(
      "dl.sheet.facts-list",
      {},
      pair(t("facts.by"), name(each.requested_by), " · ", moment(each.requested_at)),
      each.approved_by && pair(t(each.state === "declined" ? "facts.decided" : "facts.approved"), name(each.approved_by), " · ", moment(each.approved_at)),
      pair(t("facts.formats"), terms("format", asked.formats)),
      pair(t("facts.filters"), filters.length ? el("ul", {}, ...filters.map((one) => el("li", { dir: "auto" }, one))) : t("facts.all")),
      pair(t("facts.k"), `k ≥ ${asked.k}, l ≥ ${asked.l}`),
      pair(t("facts.use"), t(asked.public ? "facts.public" : "facts.internal")),
      pair(t("facts.crisis"), t(!asked.crisis_text ? "facts.crisis.no" : each.approved_by ? (each.crisis_text ? "facts.crisis.yes" : "facts.crisis.refused") : "facts.crisis.asked")),
      pair(t("facts.names"), t(asked.realistic ? "facts.realistic" : "facts.marks")),
      pair(t("facts.expires"), each.expires_at ? date(each.expires_at) : t("facts.days", { n: asked.expires_days })),
      each.version > 1 && pair(t("facts.version"), String(each.version)),
      pair(t("facts.id"), el("code", {}, each.id)),
    );
  }
}
