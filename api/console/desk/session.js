// One session: its line on top, the transcript beside the curve, and what stands behind the turn that is open.

import { read, readAll } from "./api.js";
import { acts, claim, glass, handOver, mayClaim, mayEnd, resolve } from "./case_acts.js";
import { cases, readable } from "./cases.js";
import { Curve } from "./curve.js";
import { desk, told, trying, why } from "./desk.js";
import { asking, button, el, keepingFocus, name } from "./dom.js";
import { evidence } from "./evidence.js";
import { Floor } from "./floor.js";
import { moment } from "./format.js";
import { Growing, Live } from "./live.js";
import { badge, lamp } from "./marks.js";
import { Notes } from "./notes.js";
import { portrait } from "./people.js";
import { matters, phrases, summarise } from "./summary.js";
import { Transcript } from "./transcript.js";
import { known, t, term } from "./words.js";

const TABS = ["evidence", "notes", "person"];
const ALL_TURNS = 5000;
const SETTLES_MS = 250; // a turn is on record a moment after its last event

export class SessionPage {
  #session = null;
  #turns = [];
  #error = null;
  #picked = null;
  #tab = "evidence";
  #person = null;
  #live = null;
  #gone = false;
  #again = null;
  #growing = new Growing();
  #changed = ({ detail }) => this.#case(detail);

  constructor(root, id) {
    Object.assign(this, { root, id });
    this.curve = new Curve((place) => this.choose(place));
    this.transcript = new Transcript((place) => this.choose(place));
    this.floor = new Floor();
    this.notes = new Notes(id, (turnId) => this.#noted(turnId));
    cases.addEventListener("change", this.#changed);
    this.#load();
  }

  close() {
    this.#gone = true;
    clearTimeout(this.#again);
    cases.removeEventListener("change", this.#changed);
    this.#live?.close();
    this.curve.close();
  }

  mayLeave() {
    return !this.#live?.mine;
  }

  async askToLeave() {
    return (await asking(t("leave.title"), [el("p", {}, t("leave.what"))], { go: t("leave.go"), no: t("leave.stay"), danger: true })) !== null;
  }

  get case() {
    return cases.of(this.id);
  }

  get #shut() {
    const open = this.case;
    return !this.#session && open !== null && !readable(open);
  }

  async #load() {
    if (this.#shut) return this.draw();
    const path = `/sessions/${encodeURIComponent(this.id)}`;
    try {
      const [session, turns] = await Promise.all([read(path), readAll(`${path}/turns`, {}, ALL_TURNS)]);
      if (this.#gone) return;
      this.#error = null;
      this.#session = session;
      this.#turns = turns;
    } catch (error) {
      if (this.#gone || error.status === 401) return;
      this.#error = error;
      this.draw();
      return;
    }
    const { worst } = summarise(this.#turns, this.#session);
    this.#picked ??= worst ?? (this.#turns.length ? this.#turns.length - 1 : null);
    this.draw();
    await this.notes.load();
    this.notes.places(this.#turns);
    this.notes.draw();
    this.#watch();
  }

  #watch() {
    if (this.#live || this.#gone || !(this.#session?.online || this.case)) return;
    this.#live = new Live(this.id, {
      state: () => this.floor.draw(),
      event: (event) => this.#heard(event),
      failed: (code, message) => {
        if (code === "events_missed") this.#soon();
        told(known(`wrong.${code}`) ? t(`wrong.${code}`) : t("wrong", { message }), { bad: true });
        this.floor.draw();
      },
    });
    this.floor.use(this.#live);
  }

  #heard(event) {
    const took = this.#growing.take(event);
    if (took === "grown") this.transcript.grow(this.#growing.parts);
    if (took === "done") this.#soon();
  }

  #soon() {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#refresh(), SETTLES_MS);
  }

  async #refresh() {
    const turns = await trying(() => readAll(`/sessions/${encodeURIComponent(this.id)}/turns`, {}, ALL_TURNS));
    if (!turns || this.#gone) return;
    const writes = this.#tab === "notes" && this.panel.contains(document.activeElement);
    const followed = !writes && (this.#picked === null || this.#picked === this.#turns.length - 1);
    this.#turns = turns;
    this.#growing.clear();
    this.transcript.grow([]);
    this.notes.places(turns);
    if (followed && turns.length) this.#picked = turns.length - 1;
    if (this.transcript.show(turns, this.#picked)) this.transcript.toEnd();
    this.curve.show(turns, this.#picked);
    this.#sum();
    if (followed) this.#panel();
    if (turns.at(-1)?.state === "replying") this.#soon();
  }

  #case(detail) {
    if (detail !== null && detail.session_id !== this.id) return;
    if (!this.#session && !this.#error && !this.#shut) this.#load();
    else if (this.#session) {
      this.#head();
      this.#watch();
    } else this.draw();
  }

  #noted(turnId) {
    const turn = this.#turns.find((each) => each.id === turnId);
    if (!turn) return;
    turn.notes += 1;
    this.transcript.show(this.#turns, this.#picked);
  }

  draw() {
    if (this.#gone) return;
    if (!this.#session) return this.#without();
    this.head = el("header.session-head", {});
    this.summary = el("p.summary", { id: "summary", "aria-label": t("session.summary") });
    const tabs = TABS.map((each) =>
      el("button", { type: "button", role: "tab", id: `tab-${each}`, "aria-controls": "panel", onclick: () => this.#open(each) }, t(`tab.${each}`)),
    );
    this.tabs = el("div.tabs", { role: "tablist", onkeydown: (event) => this.#along(event) }, ...tabs);
    this.panel = el("div.panel", { role: "tabpanel", id: "panel", tabindex: 0 });
    this.root.replaceChildren(
      el(
        "div.session",
        {},
        this.head,
        this.summary,
        el(
          "div.session-body",
          {},
          el("section.log", { "aria-label": t("session.log") }, this.transcript.node, this.floor.node),
          el("aside.side", { "aria-label": t("session.side") }, this.curve.node, el("div.behind", {}, this.tabs, this.panel)),
        ),
      ),
    );
    this.#head();
    this.#sum();
    this.transcript.show(this.#turns, this.#picked);
    this.curve.show(this.#turns, this.#picked);
    this.transcript.choose(this.#picked, "center");
    this.#open(this.#tab);
    this.floor.use(this.#live);
  }

  #without() {
    const open = this.case;
    const back = el("a.plain", { href: "#/queue" }, t("nav.queue"));
    const inside = this.#shut
      ? [el("h1", {}, t("gate.title")), el("p", {}, t("gate.what")), el("div.acts", {}, back, ...acts(open))]
      : this.#error
        ? [el("h1", {}, why(this.#error)), el("div.acts", {}, back, this.#glass())]
        : [el("p.empty", {}, t("loading"))];
    this.root.replaceChildren(el("section.gate", {}, ...inside));
  }

  #glass() {
    if (!desk.me.roles.includes("counsellor") || this.#error.status === 401) return null;
    return button(t("glass"), async () => (await glass(this.case?.user_id ?? "")) && this.#load());
  }

  #head() {
    const { user_id: person, language, started_at: at, online, level, held_level: held } = this.#session;
    const open = this.case;
    const standing = open ? [term("case", open.state), open.claimed_by?.name].filter(Boolean).join(" · ") : "";
    const parts = t("session.title", { person: "\u0000" }).split("\u0000");
    keepingFocus(this.head, () =>
      this.head.replaceChildren(
        el("a.back", { href: "#/sessions", "aria-label": t("back"), key: "back" }, "←"),
        el("h1", {}, parts[0], el("a", { href: `#/person/${encodeURIComponent(person)}` }, name(person)), parts[1]),
        level || held ? badge(Math.max(level, held)) : "",
        el("p.hint", {}, [moment(at), language && term("language", language)].filter(Boolean).join(" · ")),
        online ? lamp(true, t("queue.online")) : "",
        el("span.space", {}),
        el("p.standing", {}, standing),
        el("div.acts", {}, ...(open ? acts(open, "head-") : [])),
      ),
    );
    this.floor.kinds(open?.kinds ?? []);
  }

  #sum() {
    const sum = summarise(this.#turns, this.#session);
    const parts = phrases(sum);
    this.summary.dataset.level = sum.level;
    const nodes = parts.map(([text, place, what], at) => [
      place === null ? el(`span.${what}`, {}, text) : el(`button.${what}`, { type: "button", onclick: () => this.choose(place, true) }, text),
      at < parts.length - 1 ? t("sum.join") : t("sum.end"),
    ]);
    this.summary.replaceChildren(...nodes.flat());
  }

  choose(place, focus = false) {
    this.#picked = place;
    this.transcript.choose(place);
    this.curve.choose(place);
    if (focus) this.transcript.focus(place);
    this.#panel();
  }

  #along(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.#open(TABS[(TABS.indexOf(this.#tab) + by + TABS.length) % TABS.length]);
    this.tabs.querySelector("[aria-selected=true]").focus();
  }

  #open(tab) {
    this.#tab = tab;
    for (const each of this.tabs.children) {
      const selected = each.id === `tab-${tab}`;
      each.setAttribute("aria-selected", String(selected));
      each.tabIndex = selected ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${tab}`);
    this.#panel();
  }

  async #panel() {
    const turn = this.#turns[this.#picked] ?? null;
    this.notes.about(turn, turn ? this.#picked : null);
    this.panel.scrollTop = 0;
    if (this.#tab === "evidence") {
      this.panel.replaceChildren(...(turn ? evidence(turn, this.#picked) : [el("p.empty", {}, t("turn.pick"))]));
    } else if (this.#tab === "notes") {
      this.panel.replaceChildren(this.notes.node);
      this.notes.draw();
    } else {
      this.#person ??= await trying(() => read(`/people/${encodeURIComponent(this.#session.user_id)}`));
      if (this.#person && this.#tab === "person") this.panel.replaceChildren(...portrait(this.#person));
    }
  }

  #move(by) {
    const last = this.#turns.length - 1;
    if (last < 0) return;
    const from = this.#picked ?? (by > 0 ? -1 : last + 1);
    this.choose(Math.max(0, Math.min(last, from + by)), true);
  }

  #jump(by) {
    const from = this.#picked ?? -1;
    const places = this.#turns.flatMap((turn, place) => (matters(turn) ? [place] : []));
    const next = by > 0 ? places.find((place) => place > from) : places.findLast((place) => place < from);
    if (next !== undefined) this.choose(next, true);
  }

  key(key) {
    const open = this.case;
    if (key === "Escape") location.hash = open ? "#/queue" : "#/sessions";
    else if (key === "c" && mayClaim(open)) claim(open);
    else if (!this.#session) return false;
    else if (key === "j" || key === "k") this.#move(key === "j" ? 1 : -1);
    else if (key === "[" || key === "]") this.#jump(key === "]" ? 1 : -1);
    else if (key === "Enter" && document.activeElement.closest?.(".turn")) {
      this.#open("evidence");
      this.panel.focus();
    } else if (key === "n" || key === "l") this.#write(key);
    else if (key === "t") {
      if (this.#live?.mine) this.floor.back();
      else this.floor.take();
    } else if (key === "r" && mayEnd(open)) resolve(open);
    else if (key === "h" && mayEnd(open)) handOver(open);
    else if (key === "p" && this.panel.querySelector("audio")) this.panel.querySelector("audio").play();
    else return false;
    return true;
  }

  #write(key) {
    this.#open("notes");
    if (key === "n") this.notes.write();
    else this.notes.label();
  }
}
