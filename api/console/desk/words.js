// What the desk says, in Chinese and English. {x} is filled in.

import { TERMS } from "./terms.js";
import { TEXTS } from "./texts.js";

export const LANGUAGES = ["zh", "en"];
const WORDS = { ...TERMS, ...TEXTS };

let spoken = LANGUAGES[0];

/** The language of the page: "zh" or "en". */
export const language = () => spoken;

/** For Intl. */
export const locale = () => (spoken === "zh" ? "zh-CN" : "en-GB");

export const other = () => LANGUAGES.find((each) => each !== spoken);

export const known = (name) => Object.hasOwn(WORDS, name);

/** A sentence in the page's language; a name that is not known, as it is. */
export function t(name, values = {}) {
  if (!known(name)) return name;
  return WORDS[name][LANGUAGES.indexOf(spoken)].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

/** A term by its code; codes that are not known, as they are: they come from newer servers. */
export const term = (group, code) => (known(`${group}.${code}`) ? t(`${group}.${code}`) : String(code));

/** Several terms as a list. */
export const terms = (group, codes) => codes.map((code) => term(group, code)).join(t("list.and"));

/** The rule of a ground of danger in plain words: "plan.note+recent" is a wording and what its surroundings made of it. */
export function rule(id) {
  const [base, ...marks] = id.split("+");
  const families = base.split(".").map((_, at, parts) => parts.slice(0, parts.length - at).join("."));
  const name = families.map((each) => `rule.${each}`).find(known);
  const said = marks.filter((mark) => known(`mark.${mark}`)).map((mark) => t(`mark.${mark}`));
  const text = name ? t(name) : base;
  return said.length ? t("rule.with", { rule: text, marks: said.join(t("list.and")) }) : text;
}

export function speak(next) {
  spoken = LANGUAGES.includes(next) ? next : LANGUAGES[0];
  document.documentElement.lang = spoken === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = t(node.dataset.say);
  for (const node of document.querySelectorAll("[data-say-label]")) node.setAttribute("aria-label", t(node.dataset.sayLabel));
}
