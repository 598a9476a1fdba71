// What the page says, in Chinese and English. {x} is filled in.

import { TEXTS } from "./texts.js";

export const LANGUAGES = ["zh", "en"];

let spoken = LANGUAGES[0];

/** The language of the page: "zh" or "en". */
export const language = () => spoken;

/** For Intl. */
export const locale = () => (spoken === "zh" ? "zh-CN" : "en-GB");

export const other = () => LANGUAGES.find((each) => each !== spoken);

export const known = (name) => Object.hasOwn(TEXTS, name);

/** A sentence in the page's language; a name that is not known, as it is. */
export function t(name, values = {}) {
  if (!known(name)) return name;
  return TEXTS[name][LANGUAGES.indexOf(spoken)].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

/** A term by its code; codes that are not known, as they are: they come from newer servers. */
export const term = (group, code) => (known(`${group}.${code}`) ? t(`${group}.${code}`) : String(code));

export const terms = (group, codes) => codes.map((code) => term(group, code)).join(t("list.and"));

export function speak(next) {
  spoken = LANGUAGES.includes(next) ? next : LANGUAGES[0];
  document.documentElement.lang = spoken === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = t(node.dataset.say);
  for (const node of document.querySelectorAll("[data-say-label]")) node.setAttribute("aria-label", t(node.dataset.sayLabel));
}
