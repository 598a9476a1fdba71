// Times and numbers as people read them. Times: unix s; durations: s; valence: -1..1.

import { locale, t } from "./words.js";

const at = (seconds, options) => new Intl.DateTimeFormat(locale(), options).format(new Date(seconds * 1000));

export const clock = (seconds) => at(seconds, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
/** With the year where it is not this one. */
export const day = (seconds) =>
  new Date(seconds * 1000).getFullYear() === new Date().getFullYear()
    ? at(seconds, { month: "short", day: "numeric", weekday: "short" })
    : date(seconds);
export const moment = (seconds) => `${day(seconds)} ${clock(seconds)}`;
export const date = (seconds) => at(seconds, { year: "numeric", month: "short", day: "numeric" });
export const monday = (text) => at(Date.parse(`${text}T12:00:00`) / 1000, { month: "numeric", day: "numeric" });

/** 75 -> "1:15", 4000 -> "1:06:40"; for what ticks. */
export function ticking(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** In the largest unit that says enough. */
export function lasting(seconds) {
  if (seconds < 90) return t("lasting.s", { n: Math.max(0, Math.round(seconds)) });
  if (seconds < 5400) return t("lasting.min", { n: Math.round(seconds / 60) });
  if (seconds < 172_800) return t("lasting.h", { n: (seconds / 3600).toFixed(seconds < 36_000 ? 1 : 0) });
  return t("lasting.d", { n: Math.round(seconds / 86_400) });
}

export const ago = (seconds, now) => t("ago", { lasting: lasting(Math.max(0, now - seconds)) });

/** "+0.42", "−0.31", or what stands for unknown. */
export function signed(value) {
  if (value === null || value === undefined) return t("unknown");
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value > 0 ? "+" : "−"}${text}`;
}

export const reading = (channel) =>
  channel?.valence === null || channel?.valence === undefined
    ? t("unknown")
    : `${signed(channel.valence)} ± ${channel.uncertainty.toFixed(2)}`;

export const percent = (share) => `${Math.round(share * 100)} %`;

/** A part of a text by code points, as the server counts. */
export function sliced(text, [start, end]) {
  const points = Array.from(text);
  return [points.slice(0, start).join(""), points.slice(start, end).join(""), points.slice(end).join("")];
}
