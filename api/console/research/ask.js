// Asking for an export: why, whose talk, in which formats, how coarse.

import { choice, el, field } from "/desk/dom.js";
import { askForExport } from "./api.js";
import { dayAfter, dayOf } from "./format.js";
import { told, why } from "./telling.js";
import { t, term } from "./words.js";

const FORMATS = ["messages", "turns", "sharegpt", "kto", "dpo"];
const USUAL = ["messages", "turns"];
const K = { internal: 5, public: 11 };
const PURPOSE = [20, 2000]; // characters
const NARROWEST_DAYS = 28; // of a window of time; as the server has it

/** What the server is asked for, of the fields of the form. */
export function wanted(given) {
  const text = (name) => given.get(name)?.trim() || null;
  return {
    purpose: given.get("purpose").trim(),
    formats: given.getAll("formats"),
    filters: {
      since: dayOf(given.get("since")),
      until: dayAfter(given.get("until")),
      language: text("language"),
      persona: text("persona"),
      model: text("model"),
      rated: text("rated"),
      min_turns: Number(given.get("min_turns")),
    },
    k: Number(given.get("k")),
    l: Number(given.get("l")),
    public: given.get("use") === "public",
    crisis_text: given.get("use") !== "public" && given.get("crisis_text") === "on",
    realistic: given.get("names") === "realistic",
    expires_days: Number(given.get("expires_days")),
  };
}

let kept = null; // of a form that was left before it was sent

export class Ask {
  constructor(root) {
    this.root = root;
  }

  close() {
    kept = this.sent ? null : new FormData(this.form);
  }

  /** Somebody else sits here now. */
  static forget() {
    kept = null;
  }

  /** The form; what is in one that is there already, is kept. */
  draw() {
    const before = this.form ? new FormData(this.form) : kept;
    const was = (name, usual = "") => before?.get(name) ?? usual;
    const ticked = (name, value, usual) => (before ? before.getAll(name).includes(value) : usual);
    const check = (name, value, label, hint, usual = false, type = "checkbox") =>
      el(
        "label.check",
        {},
        el("input", { type, name, value, checked: ticked(name, value, usual), onchange: () => this.#fits() }),
        el("span", {}, label, hint && el("small", {}, hint)),
      );
    const numeric = (name, usual, min, max) => el("input", { type: "number", name, min, max, step: 1, required: true, value: was(name, usual), inputmode: "numeric" });
    const named = (name) => el("input", { name, value: was(name), maxlength: 100, pattern: "[A-Za-z0-9_.:\\/@\\-]+", title: t("ask.named"), spellcheck: "false", autocapitalize: "off" });
    const part = (name, ...rest) => el("fieldset.sheet.ask-part", {}, el("legend", {}, t(`ask.${name}`)), el("div.ask-fields", {}, ...rest));
    this.purpose = el("textarea", { name: "purpose", rows: 4, required: true, minlength: PURPOSE[0], maxlength: PURPOSE[1], dir: "auto" });
    this.purpose.value = was("purpose");
    this.trouble = el("p.trouble", { role: "alert", id: "trouble" });
    this.form = el(
      "form.ask-form",
      { autocomplete: "off", onsubmit: (event) => this.#submit(event) },
      part("why", field(t("ask.purpose"), this.purpose, t("ask.purpose.hint", { n: PURPOSE[0] }))),
      part("formats", el("div.checks", {}, ...FORMATS.map((one) => check("formats", one, term("format", one), t(`ask.format.${one}`), USUAL.includes(one))))),
      part(
        "whose",
        el(
          "div.grid",
          {},
          field(t("ask.since"), el("input", { type: "date", name: "since", value: was("since") })),
          field(t("ask.until"), el("input", { type: "date", name: "until", value: was("until") })),
          field(t("ask.language"), choice("language", [["", t("ask.any")], ...["zh", "en"].map((one) => [one, term("lang", one)])], was("language"))),
          field(t("ask.rated"), choice("rated", [["", t("ask.any")], ...["like", "dislike"].map((one) => [one, term("rated", one)])], was("rated"))),
          field(t("ask.model"), named("model")),
          field(t("ask.persona"), named("persona")),
          field(t("ask.turns"), numeric("min_turns", "1", 1, 1000)),
        ),
        el("p.hint", {}, t("ask.whose.hint", { n: NARROWEST_DAYS })),
      ),
      part(
        "safe",
        el(
          "div.checks",
          { role: "radiogroup", "aria-label": t("facts.use") },
          check("use", "internal", t("facts.internal"), t("ask.internal.hint"), true, "radio"),
          check("use", "public", t("facts.public"), t("ask.public.hint"), false, "radio"),
        ),
        el(
          "div.grid",
          {},
          field("k", numeric("k", String(K.internal), K.internal, 1000), t("ask.k.hint")),
          field("l", numeric("l", "2", 1, 5), t("ask.l.hint")),
          field(t("ask.expires"), numeric("expires_days", "90", 1, 365), t("ask.expires.hint")),
        ),
        el(
          "div.checks",
          { role: "radiogroup", "aria-label": t("facts.names") },
          check("names", "marks", t("facts.marks"), null, true, "radio"),
          check("names", "realistic", t("facts.realistic"), null, false, "radio"),
        ),
        el("div.checks", {}, check("crisis_text", "on", t("ask.crisis"), t("ask.crisis.hint"))),
      ),
      this.trouble,
      el("div.acts", {}, el("button.solid", { type: "submit", id: "go" }, t("ask.go")), el("p.hint", {}, t("ask.go.hint"))),
    );
    const head = el("header.page-head", {}, el("h1", {}, t("ask.title")), el("p.lead", {}, t("ask.lead")));
    this.root.replaceChildren(el("div.page.narrow", {}, head, this.form));
    this.#fits();
  }

  /** What depends on something else: k on the use, crisis words too, and at least one format. */
  #fits() {
    const { k, use, crisis_text: crisis, formats } = this.form.elements;
    const open = use.value === "public";
    k.min = open ? K.public : K.internal;
    if (Number(k.value) < Number(k.min)) k.value = k.min;
    crisis.disabled = open;
    if (open) crisis.checked = false;
    const some = [...formats].some((one) => one.checked);
    formats[0].setCustomValidity(some ? "" : t("ask.formats.none"));
  }

  async #submit(event) {
    event.preventDefault();
    const go = this.form.querySelector("#go");
    if (go.disabled) return;
    const asked = wanted(new FormData(this.form));
    const { since, until } = asked.filters;
    const days = since === null ? Infinity : (Math.min(until ?? Infinity, Date.now() / 1000) - since) / 86_400;
    this.trouble.textContent = days < NARROWEST_DAYS ? t("ask.dates", { n: NARROWEST_DAYS }) : "";
    if (asked.purpose.length < PURPOSE[0]) this.trouble.textContent = t("ask.purpose.hint", { n: PURPOSE[0] });
    if (this.trouble.textContent) return;
    go.disabled = true;
    try {
      const made = await askForExport(asked);
      this.sent = true;
      told(t("done.asked"));
      location.hash = `#/export/${made.id}`;
    } catch (error) {
      if (error.code === undefined) throw error;
      if (error.status !== 401) this.trouble.textContent = why(error);
    } finally {
      go.disabled = false;
    }
  }
}
