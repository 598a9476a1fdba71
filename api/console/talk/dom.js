// Small words for making elements.

import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

export const by = (id) => document.getElementById(id);

/** An element with attributes and children (nodes or strings). */
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A picture of shapes.svg. */
export function shape(name) {
  return draw("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, draw("use", { href: `/talk/shapes.svg#${name}` }));
}

/** An element that says a sentence of words.js. */
export function saying(tag, name, values = {}, attributes = {}) {
  return say(make(tag, attributes), name, values);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
