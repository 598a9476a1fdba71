// Small marks that stand wherever a level, a kind or a course is told. Never by colour alone.

import { el } from "./dom.js";
import { term, terms } from "./words.js";

const ARROWS = { unknown: "·", steady: "→", rising: "↗", falling: "↘", low: "↓", volatile: "↕", recovering: "↗" };
const BY_SCREENER = ["suicide", "distress"];

/** A level in words: after the C-SSRS screener for suicide, by urgency for the other kinds. */
export const level = (n, kinds) =>
  term(!kinds.length || kinds.some((kind) => BY_SCREENER.includes(kind)) ? "level" : "grade", String(n));

/** The number of a level in its colour. */
export const badge = (n) => el(`span.badge.level-${n}`, { "aria-hidden": "true" }, String(n));

/** The number, its meaning and the kinds. */
export const danger = (n, kinds) =>
  el("span.danger-line", {}, badge(n), el("b", {}, level(n, kinds)), kinds.length ? el("span.kinds", {}, terms("kind", kinds)) : null);

export const course = (state) =>
  el("span.course", {}, el("span.arrow", { "aria-hidden": "true" }, ARROWS[state] ?? "·"), " ", term("state", state));

export const lamp = (on, text) => el(on ? "span.lamp.on" : "span.lamp", {}, el("i", { "aria-hidden": "true" }), text);

const SVG = "http://www.w3.org/2000/svg";
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Two channels of a turn on one line from -1 to 1: a dot for the words, a diamond for the voice. */
export function dumbbell(words, voice) {
  const place = (value) => 32 + 28 * Math.max(-1, Math.min(1, value));
  const [said, heard] = [words?.valence ?? null, voice?.valence ?? null];
  const parts = [svg("line", { x1: 4, x2: 60, y1: 7, y2: 7, class: "rule" }), svg("line", { x1: 32, x2: 32, y1: 3, y2: 11, class: "rule" })];
  if (said !== null && heard !== null) parts.push(svg("line", { x1: place(said), x2: place(heard), y1: 7, y2: 7, class: "gap" }));
  if (heard !== null) parts.push(svg("rect", { x: -3, y: -3, width: 6, height: 6, class: "voice", transform: `translate(${place(heard)} 7) rotate(45)` }));
  if (said !== null) parts.push(svg("circle", { cx: place(said), cy: 7, r: 3.5, class: "words" }));
  return svg("svg", { class: "dumbbell", viewBox: "0 0 64 14", "aria-hidden": "true" }, ...parts);
}
