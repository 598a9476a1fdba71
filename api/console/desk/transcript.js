// What was said and answered, turn by turn. Words are only ever text.

import { el, keepingFocus, words } from "./dom.js";
import { clock, sliced } from "./format.js";
import { badge, dumbbell } from "./marks.js";
import { differs } from "./summary.js";
import { t, term } from "./words.js";

/** What was said, with the places that a ground of danger points to. */
export function marked(turn) {
  const said = turn.said ?? "";
  const spans = turn.risk.reasons.flatMap(({ span }) => (span ? [span] : [])).sort((one, other) => one[0] - other[0]);
  const parts = [];
  let from = 0;
  for (const [start, end] of spans) {
    if (start < from) continue; // they may lie over each other
    parts.push(sliced(said, [from, start])[1], el("mark", {}, sliced(said, [start, end])[1]));
    from = end;
  }
  parts.push(sliced(said, [from, Infinity])[1]);
  return el("p.said", { dir: "auto" }, ...parts.filter((part) => part !== ""));
}

const by = (turn) => (turn.answered_by === "counsellor" && turn.by ? turn.by.name : turn.answered_by ? term("by", turn.answered_by) : "");

export class Transcript {
  /** pick: called with the place of a turn that was chosen. */
  constructor(pick) {
    this.pick = pick;
    this.list = el("ol.turns", { id: "turns" });
    this.growing = el("ol.turns.growing", { id: "growing" });
    this.node = el("div.scroll", { id: "transcript" }, this.list, this.growing);
  }

  show(turns, picked) {
    const low = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 48;
    keepingFocus(this.list, () => this.list.replaceChildren(...turns.map((turn, place) => this.#turn(turn, place))));
    this.turns = turns;
    this.choose(picked, null);
    return low;
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  /** block: where in the view the turn is to stand (as of scrollIntoView); null: it stays where it is. */
  choose(place, block = "nearest") {
    this.list.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const row = place === null ? null : this.list.children[place];
    if (!row) return;
    row.setAttribute("aria-current", "true");
    if (block) row.scrollIntoView({ block });
  }

  focus(place) {
    this.list.children[place]?.querySelector(".mark").focus({ preventScroll: true });
  }

  /** What is being said now and is in no turn yet: [{said, reply}]. */
  grow(parts) {
    const low = this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < 80;
    this.growing.replaceChildren(
      ...parts.map(({ said, reply }) =>
        el("li.turn", {}, el("span.mark", {}, "…"), el("div.body", {}, said && words(said, "p.said"), reply && words(reply, "p.reply"))),
      ),
    );
    if (low) this.toEnd();
  }

  #turn(turn, place) {
    const kind = differs(turn);
    const { level } = turn.risk;
    const label = [
      t("turn.name", { n: place + 1 }),
      clock(turn.at),
      level ? t("turn.risk", { level }) : "",
      kind ? t("turn.apart", { kind: term("apart", kind) }) : "",
      turn.notes ? t("turn.noted", { n: turn.notes }) : "",
    ];
    const signs = [
      kind && el("span.apart", {}, el("i", { "aria-hidden": "true" }, "◆"), term("apart", kind)),
      turn.modality === "told" && el("span", {}, term("modality", "told")),
      turn.notes ? el("span", {}, `✎ ${turn.notes}`) : null,
      turn.rating && el("span", {}, `${turn.rating === "like" ? "♥" : "✕"} ${term("rating", turn.rating)}`),
    ].filter(Boolean);
    const gone = turn.state === "deleted";
    const unfinished = ["committed", "replying", "cancelled", "failed"].includes(turn.state);
    return el(
      `li.turn.level-${level}`,
      { "data-place": place, onclick: () => getSelection().isCollapsed && this.pick(place) },
      el(
        "button.mark",
        { type: "button", key: `turn-${turn.id}`, "aria-label": label.filter(Boolean).join(t("list.and")) },
        el("span", {}, String(place + 1)),
        el("time", {}, clock(turn.at)),
      ),
      el(
        "div.body",
        {},
        gone ? el("p.said.gone", {}, term("turn", "deleted")) : turn.said !== null && marked(turn),
        turn.reply !== null && !gone && el(`div.answer.by-${turn.answered_by}`, {}, el("b.by", {}, by(turn)), words(turn.reply, "p.reply")),
        unfinished && el("p.hint", {}, term("turn", turn.state)),
        signs.length ? el("p.signs", {}, ...signs) : null,
      ),
      el("div.read", {}, level ? badge(level) : null, turn.affect && dumbbell(turn.affect.words, turn.affect.voice)),
    );
  }
}
