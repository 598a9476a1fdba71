// What a counsellor does about a case, wherever it stands on the page.

import { act, breakGlass } from "./api.js";
import { cases, mine } from "./cases.js";
import { elder, told, trying } from "./desk.js";
import { asking, button, choice, el, field } from "./dom.js";
import { level } from "./marks.js";
import { t, term } from "./words.js";

const OUTCOMES = ["supported", "referred", "emergency", "false_alarm", "unreachable"];
const at = (each, verb) => `/queue/${encodeURIComponent(each.id)}/${verb}`;

export const LEVELS = [0, 1, 2, 3, 4];
export const levels = (chosen, kinds = ["suicide"]) =>
  choice("level", LEVELS.map((n) => [n, `${n} · ${level(n, kinds)}`]), chosen);

async function done(each, verb, body, said) {
  const changed = await trying(() => act(at(each, verb), body));
  if (!changed) return null;
  cases.put(changed);
  told(said);
  return changed;
}

export const mayClaim = (each) => each?.state === "waiting";
export const mayEnd = (each) => Boolean(each) && each.state !== "waiting" && each.resolved_at === null && (mine(each) || elder());

export const claim = (each) => done(each, "claim", {}, t("claimed"));
export const release = (each) => done(each, "release", {}, t("released"));

export async function handOver(each) {
  const to = el("input", { name: "to", required: true, maxlength: 64, autocomplete: "off", spellcheck: "false" });
  const note = el("textarea", { name: "note", rows: 3, maxlength: 4000 });
  const given = await asking(t("hand.title"), [field(t("hand.to"), to), field(t("hand.note"), note, t("note.read"))], {
    go: t("act.hand"),
    no: t("cancel"),
  });
  if (!given) return null;
  const name = given.get("to").trim();
  return await done(each, "hand-over", { to: name, note: given.get("note").trim() }, t("handed", { name }));
}

export async function resolve(each) {
  const outcome = choice("outcome", OUTCOMES.map((code) => [code, term("outcome", code)]), "supported");
  const note = el("textarea", { name: "note", rows: 3, maxlength: 4000 });
  const fields = [
    field(t("resolve.outcome"), outcome),
    field(t("resolve.level"), levels(Math.min(each.level, 1), each.kinds)),
    field(t("resolve.note"), note, t("note.read")),
  ];
  const given = await asking(t("resolve.title"), fields, { go: t("act.resolve"), no: t("cancel") });
  if (!given) return null;
  const body = { outcome: given.get("outcome"), level: Number(given.get("level")), note: given.get("note").trim() };
  return await done(each, "resolve", body, t("resolved"));
}

/** The buttons that fit a case. compact: without words that the place says anyway. */
export function acts(each, key = "") {
  const made = (name, work, what) => button(t(`act.${name}`), () => work(each), { what, key: `${key}${name}`, "data-act": name });
  if (mayClaim(each)) return [made("claim", claim, "button.solid.small")];
  if (!mayEnd(each)) return [];
  return [made("release", release, "button.plain"), made("hand", handOver, "button.plain"), made("resolve", resolve, "button.solid.small")];
}

/** See somebody outside the caseload, with a reason that is written down. True once it is open. */
export async function glass(person) {
  const fields = [
    el("p.hint", {}, t("glass.what")),
    field(t("glass.person"), el("input", { name: "person", required: true, maxlength: 128, value: person, spellcheck: "false" })),
    field(t("glass.reason"), el("textarea", { name: "reason", rows: 3, required: true, maxlength: 500 })),
    field(t("glass.hours"), el("input", { name: "hours", type: "number", min: 0.25, max: 4, step: 0.25, value: 1 })),
  ];
  const given = await asking(t("glass.title"), fields, { go: t("glass"), no: t("cancel"), danger: true });
  if (!given) return false;
  const body = { user_id: given.get("person").trim(), reason: given.get("reason").trim(), hours: Number(given.get("hours")) };
  return (await trying(() => breakGlass(body))) !== null;
}
