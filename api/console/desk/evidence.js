// What stands behind one turn: danger and its grounds, both channels, memories, the reply, what the model read.

import { audioAddress, read } from "./api.js";
import { trying } from "./desk.js";
import { button, el, words } from "./dom.js";
import { clock, percent, reading, signed, sliced } from "./format.js";
import { danger } from "./marks.js";
import { known, rule, t, term } from "./words.js";

const MOST_CATEGORIES = 3;
const part = (name, ...inside) => el(`section.part.${name}`, {}, el("h3", {}, t(`ev.${name}`)), ...inside);
const pairs = (rows) => el("dl.pairs", {}, ...rows.filter(([, value]) => value).map(([key, value]) => el("div", {}, el("dt", {}, key), el("dd", {}, value))));

/** The panel of a turn. place: from 0. */
export function evidence(turn, place) {
  const about = [clock(turn.at), term("modality", turn.modality), turn.language && term("language", turn.language), turn.audio && !turn.audio.available && t("ev.noaudio")].filter(Boolean);
  return [
    el("header.of", {}, el("h2", {}, t("turn.name", { n: place + 1 })), el("p.hint", {}, about.join(" · "))),
    sound(turn),
    ...(turn.said === null ? [] : [risk(turn), affect(turn.affect), memories(turn.memories)]),
    reply(turn),
    prompt(turn),
  ].filter(Boolean);
}

function sound(turn) {
  if (!turn.audio?.available) return null;
  return el("audio", { id: "audio", controls: true, preload: "none", src: audioAddress(turn.id), "aria-label": t("ev.audio") });
}

function risk({ risk: read_, said }) {
  if (!read_.level && !read_.reasons.length) {
    return part("risk", el("p.hint", {}, t("ev.none"), read_.held ? ` ${held(read_)}` : ""));
  }
  const grounds = read_.reasons.map((reason) =>
    el(
      "li",
      {},
      el("b", {}, rule(reason.rule)),
      reason.span && said ? el("q", { dir: "auto" }, sliced(said, reason.span)[1]) : null,
      el("span.hint", {}, `${term("kind", reason.kind)} · ${reason.level} · ${term("source", reason.source)} · `, el("code", {}, reason.rule)),
    ),
  );
  return part("risk", danger(read_.level, read_.kinds), el("p.hint", {}, held(read_)), el("ul.grounds", {}, ...grounds));
}

const held = (read_) => t("ev.held", { level: read_.held, phase: read_.phase ? term("phase", read_.phase) : "—" });

function categories(read_) {
  const found = Object.entries(read_.categories ?? {}).filter(([, share]) => share >= 0.1).sort((one, other) => other[1] - one[1]);
  return found.slice(0, MOST_CATEGORIES).map(([name, share]) => `${term("emotion", name)} ${percent(share)}`).join(t("list.and"));
}

function affect(read_) {
  if (!read_ || read_.status === "none") return part("affect", el("p.hint", {}, t("ev.noaffect")));
  const row = (name, channel, grounds) => {
    const told = name === "both" ? "" : categories(channel ?? {});
    const more = told || grounds.length;
    const cells = [
      el("th", { scope: "row" }, t(name === "both" ? "ev.together" : `curve.${name}`)),
      el("td", {}, reading(channel)),
      el("td", {}, signed(channel?.arousal)),
    ];
    const below = el(`tr.${name}`, {}, el("td", {}), el("td.grounds", { colspan: 2 }, told, " ", ...grounds));
    return [el(more ? `tr.${name}.with-grounds` : `tr.${name}`, {}, ...cells), more ? below : null];
  };
  const saids = (read_.words?.evidence ?? []).map(([expression, weight]) => el("span.chip", { dir: "auto" }, `${expression} `, el("small", {}, signed(weight))));
  const heards = (read_.voice?.evidence ?? []).map((line) => el("span.chip", {}, line));
  const heads = ["", "curve.valence", "curve.arousal"].map((name) => (name ? el("th", { scope: "col" }, t(name)) : el("td", {})));
  const odd = read_.incongruence;
  return part(
    "affect",
    el("table.channels", {}, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...row("words", read_.words, saids), ...row("voice", read_.voice, heards), ...row("both", read_, []))),
    odd?.kind ? el("p.apart", {}, el("i", { "aria-hidden": "true" }, "◆"), t("ev.apart", { score: odd.score.toFixed(2), kind: term("apart", odd.kind) })) : null,
  );
}

function memories(used) {
  if (!used.length) return part("memories", el("p.hint", {}, t("ev.nomemories")));
  const rows = used.map((each) =>
    el(
      "li",
      {},
      el("span", { dir: "auto" }, each.text ?? t("ev.forgotten")),
      el("span.hint", {}, each.score.toFixed(2), each.current ? "" : ` · ${t("ev.past")}`),
    ),
  );
  return part("memories", el("ul.memories", {}, ...rows));
}

function reply(turn) {
  if (!turn.answered_by && turn.reply === null) return null;
  const seconds = Object.entries(turn.timings).map(([name, s]) => `${name} ${s.toFixed(2)} s`);
  const who = turn.answered_by ? term("by", turn.answered_by) : "";
  return part(
    "answer",
    pairs([
      [t("ev.by"), turn.by ? `${who} · ${turn.by.name}` : who],
      [t("ev.skill"), turn.strategy && [term("skill", turn.strategy.skill), turn.strategy.reason].filter(Boolean).join(" · ")],
      [t("ev.models"), Object.entries(turn.models).map(([what, model]) => `${what}: ${model}`).join(t("list.and"))],
      [t("ev.timings"), seconds.join(t("list.and"))],
      [t("ev.rating"), turn.rating && term("rating", turn.rating)],
      [t("ev.changes"), turn.changes.map((change) => change.rule ?? change.kind ?? Object.values(change)[0]).join(t("list.and"))],
    ]),
  );
}

function prompt(turn) {
  if (!turn.prompt && turn.said === null) return null;
  if (!turn.prompt) return part("prompt", el("p.hint", {}, t("ev.noprompt")));
  const blocks = turn.prompt.blocks.map((block) => el("li", {}, el("code", {}, block.name), " ", el("span.hint", {}, t("ev.tokens", { n: block.tokens }))));
  const all = el("div", {});
  const open = button(t("ev.read"), async () => {
    open.disabled = true;
    const found = await trying(() => read(`/turns/${encodeURIComponent(turn.id)}/prompt`));
    open.disabled = false;
    if (!found) return;
    all.replaceChildren(...whole(found));
    open.remove();
    all.querySelector("summary")?.focus();
  }, { id: "read-prompt" });
  return part("prompt", el("ul.blocks", {}, ...blocks), open, all);
}

function whole(found) {
  const blocks = found.blocks.map((block) =>
    el("details", { open: true }, el("summary", {}, el("code", {}, block.name), block.why ? el("span.hint", {}, ` ${block.why}`) : null), el("pre", { dir: "auto" }, String(block.text ?? ""))),
  );
  const lines = found.messages.map((message) => el("li", {}, el("b", {}, known(`role.${message.role}`) ? t(`role.${message.role}`) : message.role), el("p", { dir: "auto" }, message.content)));
  return [...blocks, el("details", {}, el("summary", {}, t("ev.messages")), el("ol.messages", {}, ...lines))];
}
