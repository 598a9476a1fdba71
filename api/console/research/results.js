// What came of an export: its counts, how far nobody can be recognised, its files and its card.

import { button, el } from "/desk/dom.js";
import { fileAddress, readFile } from "./api.js";
import { markdown } from "./card.js";
import { number, percent } from "./format.js";
import { trying } from "./telling.js";
import { known, t, term, terms } from "./words.js";

const COUNTS = ["people", "dialogues", "turns", "flags_found", "flags_masked", "flags_kept", "tombstones"];
const CARD = "README.md";

/** Sections, none before there is something. own: whether it is theirs to download. */
export function results(each, own) {
  if (!each.report) return [];
  return [counts(each), risk(each.report), each.files.length ? files(each) : own || each.state !== "published" ? null : el("p.hint.page-note", {}, t("files.others"))];
}

function counts(each) {
  const tiles = COUNTS.filter((one) => each.counts?.[one] !== undefined).map((one) =>
    el("div.tile", {}, el("dt", {}, t(`counts.${one}`)), el("dd", {}, number(each.counts[one]))),
  );
  return el("section", { "aria-labelledby": "counts" }, el("h2", { id: "counts" }, t("counts")), el("dl.tiles.small", {}, ...tiles));
}

function risk(report) {
  const asked = report.asked ?? {};
  const rows = ["prosecutor", "journalist", "marketer"].map((one) =>
    el("li", {}, el("b.risk-value", {}, percent(report[one], 1)), el("span", {}, el("strong", {}, t(`risk.${one}`)), el("span.hint", {}, t(`risk.${one}.what`)))),
  );
  return el(
    "section.sheet.risk",
    { "aria-labelledby": "risk" },
    el("h2", { id: "risk" }, t("risk")),
    el("p", {}, t("risk.k", { k: report.k, l: report.l, asked_k: asked.k ?? "?", asked_l: asked.l ?? "?", names: terms("quasi", report.quasi_identifiers ?? []) })),
    el("ul.risks", {}, ...rows),
    el("p.hint", {}, t("risk.suppressed", { n: number(report.suppressed), people: number(report.people), classes: number(report.classes) })),
  );
}

function files(each) {
  const place = el("div.card-place", { "aria-live": "polite" });
  const show = button(t("files.card"), () => toggled(each.id, show, place), { "aria-expanded": "false", key: "card" });
  const rows = each.files.map((one) =>
    el(
      "li",
      {},
      el("a.file", { href: fileAddress(each.id, one), download: one }, el("code", {}, one), el("span.hint", {}, known(`file.${one}`) ? term("file", one) : "")),
    ),
  );
  return el(
    "section.sheet.files",
    { "aria-labelledby": "files" },
    el("h2", { id: "files" }, t("files")),
    el("p.hint", {}, t("files.hint")),
    el("ul", {}, ...rows),
    el("div.acts", {}, show),
    place,
  );
}

async function toggled(id, show, place) {
  if (place.childNodes.length) {
    place.replaceChildren();
    show.setAttribute("aria-expanded", "false");
    return;
  }
  const text = await trying(() => readFile(id, CARD));
  if (text === null) return;
  place.replaceChildren(el("article.dataset-card", { lang: "en", "aria-label": t("files.card") }, ...markdown(text)));
  show.setAttribute("aria-expanded", "true");
}
