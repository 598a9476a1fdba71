// A session in one line: how long, how dangerous and when, where voice and words differ, how it went.

import { clock, lasting, signed } from "./format.js";
import { t, term, terms } from "./words.js";

export const GRAVE = 2; // from here on the protocol answers, not the model

export const differs = (turn) => turn.affect?.incongruence?.kind ?? null;
export const matters = (turn) => turn.risk.level >= GRAVE || differs(turn) !== null;

/** Mean of valence weighed by certainty (1 - uncertainty), as on the server; null where nothing is known. */
export function mean(turns) {
  let [sum, weights] = [0, 0];
  for (const { affect } of turns) {
    if (affect?.valence === null || affect?.valence === undefined) continue;
    const weight = 1 - affect.uncertainty;
    sum += weight * affect.valence;
    weights += weight;
  }
  return weights > 0 ? sum / weights : null;
}

/**
 * What the line tells. worst: place of the first turn at the highest level above 0, or null; apart: places of turns
 * where voice and words differ; from, to: mean valence of the first and of the last third, null below six turns.
 */
export function summarise(turns, session) {
  const highest = Math.max(0, ...turns.map((turn) => turn.risk.level));
  const worst = highest ? turns.findIndex((turn) => turn.risk.level === highest) : null;
  const third = Math.floor(turns.length / 3);
  const last = turns.at(-1);
  return {
    count: turns.length,
    seconds: turns.length ? last.at - turns[0].at : 0,
    level: highest,
    kinds: worst === null ? [] : turns[worst].risk.kinds,
    worst,
    at: worst === null ? null : turns[worst].at,
    held: last?.risk.held ?? session?.held_level ?? 0,
    apart: turns.flatMap((turn, place) => (differs(turn) ? [place] : [])),
    state: last?.trajectory ?? session?.state ?? "unknown",
    from: third >= 2 ? mean(turns.slice(0, third)) : null,
    to: third >= 2 ? mean(turns.slice(-third)) : null,
    others: turns.filter((turn) => turn.answered_by === "script" || turn.answered_by === "counsellor").length,
  };
}

/** Its parts as [text, place of the turn that it is about, or null, name]. */
export function phrases(sum) {
  const state = term("state", sum.state);
  const [from, to] = [sum.from, sum.to].map(signed);
  const parts = [
    [sum.count === 1 ? t("sum.turn") : t("sum.turns", { n: sum.count, lasting: lasting(sum.seconds) }), null, "turns"],
    sum.worst === null
      ? [t("sum.norisk"), null, "risk"]
      : [t("sum.risk", { level: sum.level, kinds: terms("kind", sum.kinds), turn: sum.worst + 1, at: clock(sum.at) }), sum.worst, "risk"],
    sum.apart.length ? [t("sum.apart", { n: sum.apart.length }), sum.apart[0], "apart"] : [t("sum.noapart"), null, "apart"],
    [sum.from === null || sum.to === null ? t("sum.course.bare", { state }) : t("sum.course", { state, from, to }), null, "course"],
  ];
  if (sum.others) parts.push([t("sum.by", { n: sum.others }), null, "by"]);
  if (sum.held) parts.push([t("sum.held", { level: sum.held }), null, "held"]);
  return parts;
}
