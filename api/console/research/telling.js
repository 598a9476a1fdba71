// Who is signed in, and how something is told.

import { by, el } from "/desk/dom.js";
import { known, t } from "./words.js";

const TOAST_MS = 6000;

/** me: {id, name, roles}; null before sign-in. */
export const here = { me: null };

export const researches = () => here.me?.roles.includes("researcher") ?? false;
export const approves = () => here.me?.roles.some((role) => role === "supervisor" || role === "admin") ?? false;
export const mine = (each) => each.requested_by === here.me?.name;

/** Whether an export waits for the one who is signed in. */
export const waitsForMe = (each) => approves() && !mine(each) && (each.state === "requested" || each.state === "review");

/** Say it: on the page for a while, and to a screen reader. */
export function told(text, { bad = false } = {}) {
  const toast = el(bad ? "p.toast.bad" : "p.toast", { "aria-hidden": "true" }, text);
  by("toasts").replaceChildren(toast);
  announce(text, bad);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/** To a screen reader only. */
export function announce(text, urgent = false) {
  by(urgent ? "alert" : "told").textContent = text;
}

export const why = (error) => (known(`wrong.${error.code}`) ? t(`wrong.${error.code}`) : t("wrong", { message: error.message }));

/** Do it; what goes wrong is told. null then. */
export async function trying(work) {
  try {
    return await work();
  } catch (error) {
    if (error.code === undefined) throw error;
    if (error.status !== 401) told(why(error), { bad: true }); // the sign-in page says it
    return null;
  }
}
