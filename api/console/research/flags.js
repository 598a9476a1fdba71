// Rare content that a human decides on before an export goes on. What a person said is only ever put in as text.

import { asking, button, el } from "/desk/dom.js";
import { decide, readFlags } from "./api.js";
import { number } from "./format.js";
import { told, trying } from "./telling.js";
import { known, language, t, term } from "./words.js";

const MOST = 1000; // flags in one request

/** The section of it; it keeps what was chosen but not sent yet. done: told how the export stands then. */
export class Flags {
  constructor(id, done, stale) {
    Object.assign(this, { id, done, stale, after: 0, page: null, chosen: new Map() });
    this.section = el("section.flags", { "aria-labelledby": "flags" });
    this.#load();
  }

  /** As it is now, in the page's language. */
  node() {
    this.#draw();
    return this.section;
  }

  async #load() {
    const page = await trying(() => readFlags(this.id, this.after));
    if (page === null) return;
    this.page = page;
    this.#draw();
  }

  #draw() {
    const title = el("h2", { id: "flags", tabindex: -1 }, t("flags.title"));
    if (!this.page) {
      this.section.replaceChildren(title, el("p.empty", { role: "status" }, t("loading")));
      return;
    }
    const decided = new Set(this.page.decided);
    const open = this.page.items.filter((flag) => !decided.has(flag.id));
    this.send = button("", () => this.#send(null), { what: "button.solid.small", key: "send" });
    this.section.replaceChildren(
      title,
      el("p.hint", {}, t("flags.lead")),
      open.length ? el("ol.flag-rows", {}, ...open.map((flag) => this.#row(flag))) : el("p.hint", {}, t("flags.page.done")),
      el(
        "div.acts.flag-acts",
        {},
        this.send,
        button(t("flags.rest"), () => this.#rest(), { key: "rest" }),
        this.after > 0 && button(t("flags.first"), () => this.#to(0), { key: "first" }),
        this.page.next !== null && button(t("flags.next"), () => this.#to(this.page.next), { key: "next" }),
      ),
    );
    this.#count();
  }

  #row(flag) {
    const option = (value) =>
      el(
        "label.option",
        {},
        el("input", {
          type: "radio",
          name: flag.id,
          value,
          key: `${flag.id}-${value}`,
          checked: this.chosen.get(flag.id) === value,
          onchange: () => {
            this.chosen.set(flag.id, value);
            this.#count();
          },
        }),
        el("span", {}, t(`flags.${value}`)),
      );
    const words = el("p.flag-words", { dir: "auto" }, ...[el("bdi", {}, flag.before), el("mark", {}, el("bdi", {}, flag.words)), el("bdi", {}, flag.after)]);
    const reason = known(`reason.${flag.reason}`) ? t(`reason.${flag.reason}`) : language() === "en" ? flag.reason.replaceAll("_", " ") : null;
    return el(
      "li.flag",
      {},
      el("div", {}, el("p.flag-kind", {}, term("rare", flag.kind), reason && el("span.faint", {}, ` · ${reason}`)), words),
      el("fieldset.options", {}, el("legend.unseen", {}, t("flags.what", { words: flag.words })), option("mask"), option("keep")),
    );
  }

  #count() {
    this.send.textContent = t("flags.send", { n: number(this.chosen.size) });
    this.send.disabled = this.chosen.size === 0;
  }

  async #to(after) {
    this.after = after;
    await this.#load();
    this.section.querySelector("#flags").focus();
  }

  async #rest() {
    const given = await asking(t("flags.rest.title"), [el("p", {}, t("flags.rest.lead", { n: number(this.chosen.size) }))], { go: t("flags.rest"), no: t("back") });
    if (given) await this.#send("mask");
  }

  /** All that was chosen, in as many requests as it takes; the last settles the rest too. */
  async #decided(rest) {
    const chosen = [...this.chosen];
    while (chosen.length > MOST) await decide(this.id, Object.fromEntries(chosen.splice(0, MOST)), null);
    return decide(this.id, Object.fromEntries(chosen), rest);
  }

  async #send(rest) {
    const found = await trying(() => this.#decided(rest));
    if (found === null) {
      this.stale();
      return;
    }
    this.page.decided.push(...this.chosen.keys());
    this.chosen.clear();
    this.#draw();
    const left = found.state === "review" ? (found.progress?.flags ?? 0) : 0;
    told(left ? t("flags.left", { n: number(left) }) : t("flags.done"));
    this.done(found);
    if (found.state !== "review") {
      this.stale();
      return;
    }
    await this.#load();
    if (this.page.next !== null && this.page.items.every((flag) => this.page.decided.includes(flag.id))) await this.#to(this.page.next);
  }
}
