// What all parts of the desk share: who is signed in, the server's clock, and how something is told.

import { by, el } from "./dom.js";
import { known, t } from "./words.js";

const TOAST_MS = 6000;

/** me: {id, name, roles, sees}; null before sign-in. */
export const desk = { me: null };

export const elder = () => desk.me?.roles.includes("supervisor") ?? false;

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

export const wrong = (error) => {
  if (error.status === 401) return; // the sign-in page says it
  told(why(error), { bad: true });
};

/** Do it; what goes wrong is told. null then. */
export async function trying(work) {
  try {
    return await work();
  } catch (error) {
    if (error.code === undefined) throw error;
    wrong(error);
    return null;
  }
}
