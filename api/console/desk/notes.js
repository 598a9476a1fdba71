// Notes and labels of a session and of the turn that is open.

import { act, read, readAll } from "./api.js";
import { desk, elder, told, trying } from "./desk.js";
import { button, el, keepingFocus, words } from "./dom.js";
import { moment } from "./format.js";
import { language, t } from "./words.js";

const path = (what, id) => `/${what}/${encodeURIComponent(id)}`;

export class Notes {
  #notes = [];
  #schema = { version: 0, labels: [] };
  #labels = new Map(); // of a turn's or the session's id: what the server tells
  #drafts = new Map();

  /** changed: called when a note was added, with the id of its turn, or null. */
  constructor(sessionId, changed) {
    Object.assign(this, { sessionId, changed, turn: null, place: null });
    this.node = el("div.notes", {});
  }

  async load() {
    const both = await trying(() =>
      Promise.all([readAll(`${path("sessions", this.sessionId)}/notes`), read("/label-schema")]),
    );
    if (!both) return;
    const [found, schema] = both;
    this.#schema = schema;
    const here = new Set(found.map((note) => note.id));
    this.#notes = [...found, ...this.#notes.filter((note) => !here.has(note.id))]; // written while this was read
  }

  /** Show what belongs to this turn; null: to the session as a whole. */
  about(turn, place) {
    this.#keep();
    Object.assign(this, { turn, place });
  }

  draw() {
    this.drawn = this.#draw();
    return this.drawn;
  }

  async #draw() {
    this.#keep();
    const place = this.place === null ? null : this.place + 1;
    const draft = el("textarea", { id: "note", key: "note", rows: 2, maxlength: 4000, required: true, "aria-describedby": "note-read" });
    draft.value = this.#drafts.get(this.turn?.id ?? "") ?? "";
    const form = el(
      "form.write",
      { onsubmit: (event) => this.#save(event) },
      el("label", { for: "note" }, place === null ? t("notes.whole") : t("notes.of", { n: place })),
      draft,
      el("p.hint", { id: "note-read" }, t("note.read")),
      el("button.solid.small", { type: "submit" }, t("notes.save")),
    );
    const mine = this.#notes.filter((note) => note.turn_id === (this.turn?.id ?? null));
    const rest = this.#notes.filter((note) => note.turn_id !== (this.turn?.id ?? null));
    keepingFocus(this.node, () =>
      this.node.replaceChildren(
        el("section.part", {}, el("h3", {}, t("notes.title")), form, this.#list([...mine, ...rest])),
        el("div", { id: "labels-turn" }),
        el("div", { id: "labels-session" }),
      ),
    );
    await Promise.all([this.#label("turn"), this.#label("session")]);
  }

  write() {
    this.node.querySelector("#note")?.focus();
  }

  async label() {
    await this.drawn;
    this.node.querySelector(".labels button, .labels input")?.focus();
  }

  #keep() {
    const draft = this.node.querySelector("#note");
    if (draft && this.shownFor !== undefined) this.#drafts.set(this.shownFor, draft.value);
    this.shownFor = this.turn?.id ?? "";
  }

  #list(notes) {
    if (!notes.length) return el("p.hint", {}, t("notes.none"));
    return el("ol.notelist", { id: "notes" }, ...notes.map((note) => this.#note(note)));
  }

  #note(note) {
    const about = [note.by.name, moment(note.at), note.turn_id === null ? t("notes.whole") : note.place && t("notes.of", { n: note.place })];
    const ask = button(t("notes.delete"), async () => {
      if (await trying(() => act(`${path("notes", note.id)}/deletion`))) told(t("notes.asked"));
    }, { what: "button.plain.tiny" });
    return el("li", {}, words(note.text, "p"), el("p.hint", {}, about.filter(Boolean).join(" · "), " ", ask));
  }

  /** Notes know the ids of turns; the page counts them. */
  places(turns) {
    const at = new Map(turns.map((turn, place) => [turn.id, place + 1]));
    for (const note of this.#notes) note.place = at.get(note.turn_id) ?? null;
    this.numbers = at;
  }

  async #save(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const text = form.querySelector("#note").value.trim();
    if (!text) return;
    const turnId = this.turn?.id ?? null;
    const note = await trying(() => act(`${path("sessions", this.sessionId)}/notes`, { text, turn_id: turnId }));
    if (!note) return;
    note.place = this.numbers?.get(note.turn_id) ?? null;
    this.#notes.push(note);
    form.querySelector("#note").value = "";
    this.#drafts.delete(turnId ?? "");
    told(t("notes.saved"));
    this.changed(turnId);
    this.draw();
  }

  async #label(per) {
    const id = per === "session" ? this.sessionId : this.turn?.id;
    const asked = this.#schema.labels.filter((each) => each.per === per);
    if (!id || !asked.length) return;
    const what = `${path(per === "session" ? "sessions" : "turns", id)}/labels`;
    if (!this.#labels.has(id)) {
      const found = await trying(() => read(what));
      if (!found) return;
      this.#labels.set(id, found);
    }
    const box = this.node.querySelector(`#labels-${per}`);
    if (!box || (per === "turn" && id !== this.turn?.id)) return; // somebody has gone on
    const title = per === "session" ? t("labels.session") : t("labels.turn", { n: this.place + 1 });
    const answer = async (name, value) => {
      const settles = elder() && this.#labels.get(id).disputed.includes(name);
      const found = await trying(() => act(settles ? what.replace(/labels$/, "adjudication") : what, { name, value }));
      if (!found) return;
      this.#labels.set(id, found);
      await this.#label(per);
      box.querySelector(`[data-key="${CSS.escape(`${name}=${value}`)}"]`)?.focus();
    };
    const known = this.#labels.get(id);
    box.replaceChildren(
      el("section.part.labels", {}, el("h3", {}, title), ...asked.map((each) => question(each, known, answer)), known.hidden ? el("p.hint", {}, t("labels.hidden", { n: known.hidden })) : null),
    );
  }
}

function question(asked, known, answer) {
  const given = known.labels.filter((each) => each.name === asked.name);
  const mine = given.find((each) => each.by.id === desk.me.id && !each.adjudicated);
  const others = given.filter((each) => each !== mine);
  const values = asked.kind === "flag" ? [true, false] : asked.values;
  const shown = (value) => (asked.kind === "flag" ? t(value ? "labels.yes" : "labels.no") : String(value));
  const title = language() === "zh" ? asked.title_zh : asked.title_en;
  const choices = values.map((value) =>
    el(
      "button.pill",
      { type: "button", "aria-pressed": String(mine?.value === value), key: `${asked.name}=${value}`, onclick: () => answer(asked.name, value) },
      shown(value),
    ),
  );
  const said = others.map((each) => t("labels.others", { name: each.adjudicated ? t("labels.settled") : each.by.name, value: shown(each.value) }));
  if (known.disputed.includes(asked.name)) said.push(t(elder() ? "labels.settle" : "labels.disputed"));
  return el(
    "div.question",
    { role: "group", "aria-label": title },
    el("span.asked", {}, title),
    el("div.pills", {}, ...choices),
    said.length ? el("p.hint", {}, said.join(t("list.and"))) : null,
  );
}
