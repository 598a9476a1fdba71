// The list of exports: your own; for who approves, everybody's, with what waits for them first.

import { button, el, keepingFocus, name } from "/desk/dom.js";
import { listExports } from "./api.js";
import { date, number } from "./format.js";
import { approves, mine, researches, waitsForMe, why } from "./telling.js";
import { later } from "./waiting.js";
import { t, term, terms } from "./words.js";

const EVERY_MS = 20_000;

export const short = (id) => id.replace(/^export_/, "").slice(0, 8);
export const badge = (state) => el(`span.state.state-${state}`, {}, term("state", state));

export class Exports {
  constructor(root) {
    Object.assign(this, { root, found: null, before: "", closed: false });
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
      const found = await listExports();
      if (this.closed) return;
      const now = JSON.stringify(found);
      this.found = found;
      if (now !== this.before) this.#show();
      this.before = now;
      document.dispatchEvent(new CustomEvent("exports", { detail: found }));
    } catch (error) {
      if (error.code === undefined) throw error;
      if (this.closed || error.status === 401) return;
      if (!this.found) {
        this.root.replaceChildren(el("div.empty", { role: "alert" }, el("p", {}, why(error)), button(t("again"), () => this.draw())));
        return;
      }
    }
    this.stop = later(EVERY_MS, () => this.#load());
  }

  #show() {
    const waiting = this.found.filter(waitsForMe);
    const rest = this.found.filter((each) => !waitsForMe(each));
    const head = el(
      "header.page-head.with-act",
      {},
      el("div", {}, el("h1", {}, t("list.title")), el("p.lead", {}, t(approves() ? "list.lead.approver" : "list.lead"))),
      researches() && el("a.solid.as-link", { href: "#/ask" }, t("nav.ask")),
    );
    const part = (title, items) => items.length > 0 && el("section.part", {}, title && el("h2", {}, title), el("ol.rows", {}, ...items.map((each) => this.#row(each))));
    keepingFocus(this.root, () =>
      this.root.replaceChildren(
        el(
          "div.page",
          {},
          head,
          part(t("list.waiting"), waiting),
          part(waiting.length ? t("list.rest") : null, rest),
          !this.found.length && el("p.empty", {}, t(researches() ? "list.empty" : "list.empty.approver")),
        ),
      ),
    );
  }

  #row(each) {
    const { k, l, formats } = each.request;
    const facts = [
      mine(each) ? null : el("span", {}, name(each.requested_by)),
      el("span", {}, date(each.requested_at)),
      el("span", {}, terms("format", formats)),
      el("span", {}, `k ${k} · l ${l}`),
      each.version > 1 && el("span", {}, t("export.version", { n: each.version })),
      each.state === "published" && each.counts && el("span", {}, t("list.counts", { people: number(each.counts.people), turns: number(each.counts.turns) })),
    ];
    return el(
      "li",
      {},
      el(
        "a.row",
        { href: `#/export/${each.id}`, key: each.id },
        el("span.row-head", {}, el("code", {}, short(each.id)), badge(each.state)),
        el("span.row-purpose", { dir: "auto" }, each.purpose),
        el("span.facts", {}, ...facts),
      ),
    );
  }
}
