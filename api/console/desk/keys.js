// The keyboard: single letters, wherever nobody is writing.

import { button, el } from "./dom.js";
import { t } from "./words.js";

const TABLE = [
  [["j", "k"], "move"],
  [["Enter"], "enter"],
  [["[", "]"], "jump"],
  [["c"], "claim"],
  [["t"], "take"],
  [["n"], "note"],
  [["l"], "label"],
  [["r"], "resolve"],
  [["h"], "hand"],
  [["p"], "play"],
  [["1", "2", "3"], "views"],
  [["/"], "filter"],
  [["Esc"], "back"],
  [["?"], "help"],
];
const WRITES = "input, textarea, select, [contenteditable]";

/** The key that was meant for the desk, or null: not while somebody writes, a dialog is open, or with Ctrl, Alt, Meta. */
export function keyOf(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return null;
  if (document.querySelector("dialog[open]")) return null;
  if (event.target.closest?.(WRITES)) {
    if (event.key === "Escape") event.target.blur();
    return null;
  }
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

export function help() {
  if (document.querySelector("dialog[open]")) return;
  const before = document.activeElement;
  const rows = TABLE.map(([keys, name]) =>
    el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", {}, key))), el("dd", {}, t(`help.${name}`))),
  );
  const close = button(t("close"), () => dialog.close(), { what: "button.solid" });
  const dialog = el("dialog.asking.help", { "aria-labelledby": "help" }, el("h2", { id: "help" }, t("help.title")), el("dl", {}, ...rows), el("div.acts", {}, close));
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.({ preventScroll: true });
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "?") dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

/** Move the focus among nodes by one step; from none of them to the first, or the last. */
export function step(nodes, by) {
  if (!nodes.length) return null;
  const at = nodes.findIndex((node) => node === document.activeElement || node.closest("li, tr")?.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : nodes.length - 1) : Math.max(0, Math.min(nodes.length - 1, at + by));
  nodes[next].focus({ preventScroll: true });
  nodes[next].closest("li, tr")?.scrollIntoView({ block: "nearest" });
  return nodes[next];
}
