// Small words for making elements. Text is only ever put in as text.

export const by = (id) => document.getElementById(id);

/** el("p.hint", {id: "x", onclick: f}, "text", node, null): null children are left out. */
export function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "key") node.dataset.key = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Somebody's words, or their name: whatever direction marks are in them, they end with it. */
export const words = (text, what = "p.words", attributes = {}) => el(what, { dir: "auto", ...attributes }, text);
export const name = (text) => el("bdi.name", {}, text);

export const button = (text, onclick, { what = "button.plain", ...attributes } = {}) =>
  el(what, { type: "button", onclick, ...attributes }, text);

/** Change what is below root; whoever had the focus there keeps it, told by data-key. */
export function keepingFocus(root, change) {
  const key = root.contains(document.activeElement) ? document.activeElement.closest("[data-key]")?.dataset.key : null;
  change();
  if (!key || root.contains(document.activeElement)) return;
  root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** A dialog that asks for something. fields: nodes; resolves with the FormData, or null when it was left. */
export function asking(title, fields, { go, no, danger = false }) {
  const before = document.activeElement;
  return new Promise((resolve) => {
    const heading = el("h2", { id: "asking" }, title);
    const form = el(
      "form",
      { method: "dialog", autocomplete: "off" },
      heading,
      ...fields,
      el("div.acts", {}, button(no, () => dialog.close()), el(danger ? "button.solid.danger" : "button.solid", { value: "go" }, go)),
    );
    const dialog = el("dialog.asking", { "aria-labelledby": "asking" }, form);
    dialog.addEventListener("close", () => {
      const given = dialog.returnValue === "go" ? new FormData(form) : null;
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      resolve(given);
    });
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("input, select, textarea") ?? form.querySelector(danger ? ".plain" : ".solid")).focus();
  });
}

export function field(label, control, hint = null) {
  const id = control.id || `field-${Math.random().toString(36).slice(2)}`;
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return el("div.field", {}, el("label", { for: id }, label), control, hint && el("p.hint", { id: `${id}-hint` }, hint));
}

export const choice = (name, options, chosen, attributes = {}) =>
  el(
    "select",
    { name, ...attributes },
    ...options.map(([value, text]) => el("option", { value, selected: String(value) === String(chosen) }, text)),
  );
