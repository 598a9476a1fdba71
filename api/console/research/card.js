// The dataset card, README.md, as elements: the few forms of Markdown that it uses, and text only ever as text.

import { el } from "/desk/dom.js";

/** The YAML head of a card, without its fences, and the rest. */
export function parted(text) {
  const found = /^---\n([\s\S]*?)\n---\n/.exec(text);
  return found ? [found[1], text.slice(found[0].length)] : ["", text];
}

/** Nodes of a card: heads, paragraphs, lists, tables, `code`. Its own heads begin at h3, below those of the page. */
export function markdown(text) {
  const [head, body] = parted(text.replaceAll("\r\n", "\n"));
  const nodes = head ? [el("details", {}, el("summary", {}, "YAML"), el("pre", { tabindex: 0 }, head))] : [];
  const lines = body.split("\n");
  for (let at = 0; at < lines.length; ) {
    const [node, next] = block(lines, at);
    if (node) nodes.push(node);
    at = next;
  }
  return nodes;
}

const is = {
  head: (line) => /^#{1,3} /.test(line),
  item: (line) => line.startsWith("- "),
  row: (line) => line.startsWith("|"),
};
const plain = (line) => line.trim() !== "" && !Object.values(is).some((test) => test(line));

function block(lines, at) {
  const line = lines[at];
  if (is.head(line)) {
    const [, marks, text] = /^(#{1,3}) (.*)$/.exec(line);
    return [el(`h${Math.min(5, marks.length + 2)}`, {}, ...inline(text)), at + 1];
  }
  const kind = [is.item, is.row, plain].find((test) => test(line));
  if (!kind) return [null, at + 1];
  let end = at;
  while (end < lines.length && kind(lines[end])) end += 1;
  const taken = lines.slice(at, end);
  if (kind === is.item) return [el("ul", {}, ...taken.map((one) => el("li", {}, ...inline(one.slice(2))))), end];
  if (kind === is.row) return [rows(taken), end];
  return [el("p", { dir: "auto" }, ...inline(taken.join(" "))), end];
}

function rows(lines) {
  const cells = lines.map((line) => line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim()));
  const body = cells.filter((row, at) => at !== 1 || !row.every((cell) => /^:?-+:?$/.test(cell)));
  const [heads, ...rest] = body;
  const made = el(
    "table",
    {},
    el("thead", {}, el("tr", {}, ...heads.map((cell) => (cell ? el("th", { scope: "col" }, ...inline(cell)) : el("td", {}))))),
    el("tbody", {}, ...rest.map((row) => el("tr", {}, ...row.map((cell) => el("td", {}, ...inline(cell)))))),
  );
  return el("div.scrolls", { tabindex: 0 }, made);
}

const inline = (text) => text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
