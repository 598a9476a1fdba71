// The two channels of affect over the last turns, as two small curves that share their turns.

import { by, draw, make, saying } from "./dom.js";
import { Turns, phrases, shapes } from "./affect.js";
import { say } from "./words.js";

const CHANNELS = ["words", "voice"];
const LEFT = 64; // for the names of both ends
const RIGHT = 14;
const GAP = 18;
const EDGE = 8;
const FEWEST_SLOTS = 6; // so that two turns do not stand at the ends of the world

export class Curves {
  #turns = new Turns();
  #svg = by("curves");

  constructor() {
    new ResizeObserver(() => this.#draw()).observe(this.#svg.parentElement);
  }

  /** Take a companion.affect; gives its point. */
  add(event) {
    const point = this.#turns.add(event);
    this.#draw();
    this.#table();
    return point;
  }

  #draw() {
    const points = this.#turns.points;
    const width = this.#svg.clientWidth;
    const height = this.#svg.clientHeight;
    if (!width || !height) return;
    const lane = (height - GAP - 2 * EDGE) / 2;
    const slots = Math.max(FEWEST_SLOTS, points.length);
    const boxes = CHANNELS.map((_, n) => ({
      left: LEFT, width: width - LEFT - RIGHT, top: EDGE + n * (lane + GAP), height: lane, slots,
    }));
    const drawn = CHANNELS.map((channel, n) => shapes(points, channel, boxes[n]));
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.replaceChildren(
      ...CHANNELS.flatMap((channel, n) => [frame(channel, boxes[n], width), ...curve(channel, drawn[n])]),
      ...(points.length ? [] : [nothing((LEFT + width) / 2, EDGE + lane + GAP / 2 + 4)]),
      ...points.filter(({ kind }) => kind).map((point) => parting(point, drawn, boxes[0])),
    );
    this.#describe(points);
  }

  #describe(points) {
    if (!points.length) return say(this.#svg, "affect.none", {}, "aria-label");
    const { words, voice } = phrases(points.at(-1));
    return say(this.#svg, "affect.chart", { count: String(points.length), words, voice }, "aria-label");
  }

  #table() {
    const rows = this.#turns.points.map((point, n) => {
      const apart = point.kind ? " ◆" : "";
      return make("tr", {}, make("th", { scope: "row" }, `${this.#turns.past + n + 1}${apart}`), ...CHANNELS.map((c) => cell(point[c])));
    });
    by("numbers").replaceChildren(...rows);
  }
}

function cell(read) {
  if (!read) return saying("td", "affect.unknown", {}, { class: "unknown" });
  const sign = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(2);
  return make("td", {}, `${sign(read.value)} ± ${read.spread.toFixed(2)}`);
}

function frame(channel, { left, top, height }, width) {
  const middle = top + height / 2;
  const name = (text, y) => say(draw("text", { x: left - 12, y, class: "end" }), text);
  return draw(
    "g", { class: `lane ${channel}` },
    draw("line", { x1: left - 4, x2: width - 4, y1: middle, y2: middle }),
    name(`affect.${channel}.high`, top + 8),
    name(`affect.${channel}`, middle + 4),
    name(`affect.${channel}.low`, top + height),
  );
}

function nothing(x, y) {
  return say(draw("text", { x, y, class: "none" }), "affect.none");
}

function curve(channel, { band, line, dots }) {
  const last = dots.length - 1;
  return [
    draw("path", { class: `band ${channel}`, d: band }),
    draw("path", { class: `line ${channel}`, d: line }),
    ...dots.map(({ x, y }, n) => draw("circle", { class: `dot ${channel}`, cx: x, cy: y, r: n === last ? 4.5 : 2.5 })),
  ];
}

/** Where words and voice differ: a mark between the lanes, tied to what differs. */
function parting(point, drawn, { top, height }) {
  const [words, voice] = drawn.map(({ dots }) => dots.find(({ id }) => id === point.id));
  const x = (words ?? voice)?.x;
  if (x == null) return "";
  const y = top + height + GAP / 2;
  const ends = [[words, -1], [voice, 1]].filter(([dot]) => dot);
  const ties = ends.map(([dot, side]) => draw("line", { x1: x, x2: x, y1: dot.y - side * 6, y2: y + side * 6 }));
  return draw("g", { class: "parting" }, ...ties, draw("path", { d: `M${x} ${y - 5}l5 5l-5 5l-5-5Z` }));
}
