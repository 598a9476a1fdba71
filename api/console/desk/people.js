// People: the caseload, how each has been over weeks, what is remembered of them, what they agreed to.

import { read } from "./api.js";
import { glass } from "./case_acts.js";
import { desk, trying, why } from "./desk.js";
import { button, el, name, words } from "./dom.js";
import { date, moment, monday, signed } from "./format.js";
import { step } from "./keys.js";
import { badge, svg } from "./marks.js";
import { t, term } from "./words.js";

const counsellor = () => desk.me.roles.includes("counsellor");

const FULL = 0.6; // valence of a bar as tall as may be: means of weeks are seldom further out

/** Weeks as bars from the middle line: up is pleasant, down is not; an empty place is a week that says too little. */
export function weeks(values, label) {
  const [wide, high] = [12, 32];
  const bars = values.map((value, at) => {
    if (value === null) return svg("line", { x1: at * wide + 3, x2: at * wide + 9, y1: high / 2, y2: high / 2, class: "none" });
    const tall = Math.max(1, Math.min(1, Math.abs(value) / FULL) * (high / 2));
    return svg("rect", { x: at * wide + 2, width: wide - 4, y: value > 0 ? high / 2 - tall : high / 2, height: tall, rx: 1.5, class: value < 0 ? "down" : "up" });
  });
  const middle = svg("line", { x1: 0, x2: values.length * wide, y1: high / 2, y2: high / 2, class: "rule" });
  return svg("svg", { class: "weeks", viewBox: `0 0 ${Math.max(1, values.length) * wide} ${high}`, role: "img", "aria-label": label }, middle, ...bars);
}

const weeksOf = (values) => weeks(values, `${t("people.weeks")}: ${values.map((value) => signed(value)).join(t("list.and"))}`);

export class People {
  #found = [];
  #next = null;
  #read = false;

  constructor(root) {
    this.root = root;
    this.#more();
  }

  draw() {
    this.list = el("ol.people", { id: "people" });
    this.foot = el("div.foot", {});
    const open = counsellor() ? button(t("glass"), async () => (await glass("")) && this.#again()) : null;
    this.root.replaceChildren(
      el("section.column", { "aria-labelledby": "people-title" }, el("header.head", {}, el("h1", { id: "people-title" }, t("people.title")), el("span.space", {}), open), this.list, this.foot),
    );
    this.#rows();
  }

  #again() {
    Object.assign(this, { list: null });
    this.#found = [];
    this.#next = null;
    this.draw();
    this.#more();
  }

  async #more() {
    const page = await trying(() => read("/people", { limit: 50, cursor: this.#next ?? "" }));
    this.#read = true;
    if (page) {
      this.#found.push(...page.items);
      this.#next = page.next;
    }
    this.#rows();
  }

  #rows() {
    if (!this.list) return;
    this.list.replaceChildren(
      ...this.#found.map((each) =>
        el(
          "li.person-row",
          {},
          el("a.opens", { href: `#/person/${encodeURIComponent(each.user_id)}` }, name(each.user_id)),
          el("span.hint", {}, t("people.sessions", { n: each.sessions }), each.last_at === null ? "" : ` · ${moment(each.last_at)}`),
          el("span.hint", {}, t(`readable.${each.readable}`)),
          el("span.level", {}, each.held_level ? [badge(each.held_level), el("span.unseen", {}, t("turn.risk", { level: each.held_level }))] : ""),
          each.weekly_valence.some((value) => value !== null) ? weeksOf(each.weekly_valence) : el("span", {}),
        ),
      ),
    );
    const none = this.#found.length ? null : el("p.empty", {}, t(this.#read ? "people.none" : "loading"));
    const more = this.#next ? button(t("more"), () => this.#more()) : null;
    this.foot.replaceChildren(...[none, more].filter(Boolean));
  }

  key(key) {
    if (key !== "j" && key !== "k") return false;
    return step([...this.list.querySelectorAll("a.opens")], key === "j" ? 1 : -1) !== null;
  }
}

/** What is known of a person, as nodes. detail: as the server tells. */
export function portrait(detail) {
  const consents = Object.entries(detail.consents).map(([purpose, given]) =>
    el("div", {}, el("dt", {}, term("consent", purpose)), el("dd", {}, t(given === null ? "person.unasked" : given ? "person.yes" : "person.no"))),
  );
  const held = detail.memories.map((memory) =>
    el(
      "li",
      {},
      el("span.of-kind", {}, term("memory", memory.kind)),
      words(memory.text, "span.what"),
      memory.valid_to === null ? null : el("span.hint", {}, ` ${t("person.ended", { when: date(memory.valid_to) })}`),
      ...memory.history.map((past) => el("p.hint", { dir: "auto" }, t("person.before", { text: past.text }))),
    ),
  );
  const last = detail.affect_by_week.slice(-8);
  const told = last.filter((week) => week.valence_mean !== null).slice(-3).reverse();
  const lines = told.map((week) => el("li", {}, t("people.week", { week: monday(week.week_start), valence: signed(week.valence_mean), turns: week.turns })));
  return [
    el("p.hint", {}, t("people.sessions", { n: detail.sessions }), " · ", t(`readable.${detail.readable}`)),
    last.length ? el("section.part", {}, el("h3", {}, t("people.weeks")), weeksOf(last.map((week) => week.valence_mean)), el("ul.hint", {}, ...lines)) : null,
    detail.memories.length ? el("section.part", {}, el("h3", {}, t("person.memories")), el("ul.held", {}, ...held)) : null,
    el("section.part", {}, el("h3", {}, t("person.consents")), el("dl.pairs", {}, ...consents)),
  ].filter(Boolean);
}

export class PersonPage {
  #detail = null;
  #error = null;

  constructor(root, id) {
    Object.assign(this, { root, id });
    this.#load();
  }

  async #load() {
    try {
      [this.#detail, this.#error] = [await read(`/people/${encodeURIComponent(this.id)}`), null];
    } catch (error) {
      if (error.status === 401) return;
      this.#error = error;
    }
    this.draw();
  }

  draw() {
    const talks = el("a.plain", { href: `#/sessions?${new URLSearchParams({ person: this.id })}` }, t("person.talks"));
    const shut = this.#error || this.#detail?.readable === "no";
    const open = shut && counsellor() ? button(t("glass"), async () => (await glass(this.id)) && this.#load()) : null;
    const inside = this.#error
      ? [el("p.empty", {}, why(this.#error))]
      : this.#detail
        ? portrait(this.#detail)
        : [el("p.empty", {}, t("loading"))];
    this.root.replaceChildren(
      el("section.column.portrait", { "aria-labelledby": "person-title" }, el("header.head", {}, el("h1", { id: "person-title" }, name(this.id)), el("span.space", {}), talks, open), ...inside),
    );
  }

  key(key) {
    if (key !== "Escape") return false;
    location.hash = "#/people";
    return true;
  }
}
