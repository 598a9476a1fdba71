// Times and numbers as people read them. Times: unix s; durations: s; shares: 0..1; valence: -1..1.

import { locale, t } from "./words.js";

const at = (seconds, options) => new Intl.DateTimeFormat(locale(), options).format(new Date(seconds * 1000));

export const date = (seconds) => at(seconds, { year: "numeric", month: "short", day: "numeric" });
export const moment = (seconds) => at(seconds, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const monday = (text) => at(Date.parse(`${text}T12:00:00`) / 1000, { month: "short", day: "numeric" });
export const number = (count) => new Intl.NumberFormat(locale()).format(count);

/** A count that was rounded down, or null: of too few people to tell. */
export const atLeast = (count, fewest) => (count === null ? t("few", { n: fewest }) : `${number(count)}+`);

export const percent = (share, digits = 0) => `${(share * 100).toFixed(digits)}%`;

/** "+0.25", "−0.30". */
export function signed(value) {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value > 0 ? "+" : "−"}${text}`;
}

/** In the largest unit that says enough. */
export function lasting(seconds) {
  if (seconds < 90) return t("lasting.s", { n: Math.max(0, Math.round(seconds)) });
  if (seconds < 5400) return t("lasting.min", { n: Math.round(seconds / 60) });
  if (seconds < 172_800) return t("lasting.h", { n: Math.round(seconds / 3600) });
  return t("lasting.d", { n: Math.round(seconds / 86_400) });
}

/** Unix s of the first moment of a day as a date field gives it, where the reader is; null for none. */
export function dayOf(text) {
  if (!text) return null;
  const [year, month, day] = text.split("-").map(Number);
  return new Date(year, month - 1, day).getTime() / 1000;
}

/** The day after it. */
export function dayAfter(text) {
  if (!text) return null;
  const [year, month, day] = text.split("-").map(Number);
  return new Date(year, month - 1, day + 1).getTime() / 1000;
}
