// Who needs a counsellor, the most urgent first; what waits ticks.

import { now } from "./api.js";
import { acts, claim, handOver, mayClaim, mayEnd, resolve } from "./case_acts.js";
import { cases, late, mine, readable } from "./cases.js";
import { trying } from "./desk.js";
import { button, el, keepingFocus, name, words } from "./dom.js";
import { ago, lasting, moment, signed, ticking } from "./format.js";
import { step } from "./keys.js";
import { danger, lamp } from "./marks.js";
import { rule, t, term, terms } from "./words.js";

const WHICH = ["open", "mine", "closed"];

export class Queue {
  #closed = { items: [], next: null };
  #timer = null;
  #order = "";
  #changed = () => this.list();

  constructor(root, which, query) {
    this.root = root;
    this.which = WHICH.includes(query.get("state")) ? query.get("state") : "open";
    cases.addEventListener("change", this.#changed);
    this.#timer = setInterval(() => this.#tick(), 1000);
    if (this.which === "closed") this.#more();
  }

  close() {
    cases.removeEventListener("change", this.#changed);
    clearInterval(this.#timer);
  }

  draw() {
    const tabs = WHICH.map((each) =>
      el("a", { href: `#/queue?state=${each}`, "aria-current": each === this.which ? "true" : null }, t(`queue.${each}`)),
    );
    this.rows = el("ol.cases", { id: "cases" });
    this.count = el("p.hint", { id: "queue-count" });
    this.foot = el("div.foot", {});
    this.root.replaceChildren(
      el(
        "section.column",
        { "aria-labelledby": "queue-title" },
        el("header.head", {}, el("h1", { id: "queue-title" }, t("queue.title")), this.count, el("nav.pills", { "aria-label": t("queue.which") }, ...tabs)),
        this.rows,
        this.foot,
      ),
    );
    this.list();
  }

  get items() {
    if (this.which === "closed") return this.#closed.items;
    return this.which === "mine" ? cases.open.filter(mine) : cases.open;
  }

  list() {
    if (!this.rows) return;
    const items = this.items;
    keepingFocus(this.rows, () => this.rows.replaceChildren(...items.map((each) => this.#row(each))));
    const more = this.#closed.next && this.which === "closed" ? button(t("more"), () => this.#more()) : null;
    const none = items.length ? null : el("p.empty", {}, t(`queue.none.${this.which}`));
    this.foot.replaceChildren(...[none, more].filter(Boolean));
    this.#tick();
  }

  async #more() {
    const page = await trying(() => cases.closed(this.#closed.next ?? ""));
    if (!page) return;
    this.#closed = { items: [...this.#closed.items, ...page.items], next: page.next };
    this.list();
  }

  #row(each) {
    const said = !readable(each)
      ? el("p.said.hidden", {}, t("queue.hidden"))
      : each.said !== null && words(each.said, "p.said");
    const because = each.reasons.length ? t("queue.because", { reasons: each.reasons.map(rule).join(t("list.and")) }) : "";
    const about = [
      lamp(each.online, t(each.online ? "queue.online" : "queue.offline")),
      each.language && term("language", each.language),
      each.voice?.valence != null && t("queue.sounded", { valence: signed(each.voice.valence) }),
      because,
    ];
    const holder = each.claimed_by && t(mine(each) ? "queue.you" : "queue.by", { name: each.claimed_by.name });
    const standing = [term("case", each.state), holder, each.outcome && term("outcome", each.outcome)].filter(Boolean).join(" · ");
    const link = el(
      "a.who",
      { href: `#/session/${encodeURIComponent(each.session_id)}`, key: `case-${each.id}`, "data-case": each.id },
      danger(each.level, each.kinds),
      name(each.user_id),
    );
    return el(
      `li.case.level-${each.level}`,
      { id: `row-${each.id}`, "data-state": each.state },
      el("div.what", {}, link, said, el("p.about", {}, ...about.filter(Boolean).map((part) => el("span", {}, part)))),
      el(
        "div.when",
        {},
        el("p.standing", {}, standing),
        each.resolved_at === null ? this.#clock(each) : el("p.hint", {}, t("queue.closed.at", { when: moment(each.resolved_at) })),
        el("div.acts", {}, ...acts(each, `${each.id}-`)),
      ),
    );
  }

  #clock(each) {
    const from = each.state === "waiting" ? each.asked_at : (each.claimed_at ?? each.asked_at);
    const given = Math.max(1, each.due_at - from);
    return el(
      "div.clock",
      { "data-from": from, "data-asked": each.asked_at, "data-due": each.due_at, "data-due-counts": String(each.state !== "with_person") },
      el("p", {}, el("b.waits", {}), " ", el("span.left", {})),
      el("progress", { max: given, "aria-hidden": "true" }),
      el("p.hint.sla", {}, each.state === "waiting" ? t("queue.sla", { lasting: lasting(given) }) : ""),
    );
  }

  #tick() {
    if (!this.rows) return;
    const at = now();
    for (const clock of this.rows.querySelectorAll(".clock")) {
      const [from, asked, due] = ["from", "asked", "due"].map((part) => Number(clock.dataset[part]));
      const counts = clock.dataset.dueCounts === "true";
      const over = counts && at > due;
      const long = at - asked > 86_400;
      clock.querySelector(".waits").textContent = long ? ago(asked, at) : t("queue.waits", { time: ticking(at - asked) });
      clock.querySelector(".left").textContent = !counts
        ? ""
        : over
          ? t("queue.late", { time: long ? lasting(at - due) : ticking(at - due) })
          : t("queue.left", { time: ticking(due - at) });
      clock.querySelector("progress").value = counts ? at - from : 0;
      clock.closest(".case").classList.toggle("late", over);
    }
    const open = cases.open;
    const waiting = open.filter((each) => each.state === "waiting");
    this.count.textContent = waiting.length
      ? t("queue.count", { n: waiting.length, late: waiting.filter(late).length })
      : t("queue.calm");
    const order = open.map((each) => each.id).join();
    const again = this.#order && order !== this.#order && this.which !== "closed";
    this.#order = order;
    if (again) this.list(); // one has become late
  }

  #current() {
    const row = document.activeElement.closest?.(".case");
    const id = row?.querySelector("[data-case]")?.dataset.case;
    return this.items.find((each) => each.id === id) ?? null;
  }

  key(key) {
    const links = [...this.rows.querySelectorAll("a.who")];
    if (key === "j" || key === "k") return step(links, key === "j" ? 1 : -1) !== null;
    if (key === "Escape") return false;
    const each = this.#current() ?? (key === "c" ? this.items.find(mayClaim) : null);
    if (!each) return false;
    if (key === "c" && mayClaim(each)) claim(each);
    else if (key === "r" && mayEnd(each)) resolve(each);
    else if (key === "h" && mayEnd(each)) handOver(each);
    else return false;
    return true;
  }
}
