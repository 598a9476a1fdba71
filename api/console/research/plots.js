// Plots of aggregates in SVG, each with its numbers in a table beside it. What is null is of too few people: it is left
// out of a plot, marked, and said in words.

import { el } from "/desk/dom.js";
import { atLeast, monday, percent, signed } from "./format.js";
import { t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

export function svg(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElementNS(SVG, tag);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** A table with a caption for who cannot see it. The first cell of a row is its head. */
export const table = (caption, heads, rows) =>
  el(
    "table",
    {},
    el("caption.unseen", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows.map(([head, ...cells]) => el("tr", {}, el("th", { scope: "row" }, head), ...cells.map((cell) => el("td", {}, cell))))),
  );

/** A plot with a title, what it shows, the drawing and its numbers. */
function figure(name, drawing, caption, heads, rows, values = {}) {
  return el(
    "section.sheet.figure",
    { "aria-labelledby": `plot-${name}`, id: name },
    el("h2", { id: `plot-${name}` }, t(`plot.${name}`)),
    el("p.hint", {}, t(`plot.${name}.what`, values)),
    drawing,
    heads && el("details", {}, el("summary", {}, t("plot.numbers")), el("div.scrolls", { tabindex: 0, role: "group", "aria-label": caption }, table(caption, heads, rows))),
  );
}

const enough = (value) => value !== null;

/** Affect by hour: bars from zero, up where it is pleasant, down where it is not. */
export function hours(found, few, timezone) {
  const [width, height, left, bottom] = [528, 200, 36, 22];
  const high = Math.max(0.25, ...found.filter((each) => enough(each.valence)).map((each) => Math.ceil(Math.abs(each.valence) * 4) / 4));
  const y = (value) => ((1 - value / high) / 2) * (height - bottom - 12) + 6;
  const step = (width - left - 4) / 24;
  const known = found.filter((each) => enough(each.valence));
  const lines = [high, 0, -high].flatMap((value) => [
    svg(value ? "line.grid" : "line.zero", { x1: left, x2: width, y1: y(value), y2: y(value) }),
    Object.assign(svg("text.tick", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }), { textContent: value ? signed(value) : "0" }),
  ]);
  const bars = found.map(({ hour, valence }) => {
    const x = left + 2 + hour * step;
    if (!enough(valence)) return svg("circle.gap", { cx: x + step / 2, cy: y(0), r: 2 });
    const [top, end] = [Math.min(y(valence), y(0)), Math.max(y(valence), y(0))];
    return svg(valence < 0 ? "rect.bar.down" : "rect.bar.up", { x: x + 2, width: step - 4, y: top, height: Math.max(end - top, 1.5), rx: 2 });
  });
  const ticks = [0, 6, 12, 18, 23].map((hour) =>
    Object.assign(svg("text.tick", { x: left + 2 + (hour + 0.5) * step, y: height - 4, "text-anchor": "middle" }), { textContent: t("plot.hour", { n: hour }) }),
  );
  const said = known.length ? t("plot.hours.said", extremes(known)) : t("plot.none", { n: few });
  const drawing = svg("svg.plot", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said }, ...lines, ...bars, ...ticks);
  const rows = found.map(({ hour, people, valence }) => [t("plot.hour", { n: hour }), enough(valence) ? signed(valence) : t("few.short"), atLeast(people, few)]);
  const heads = [t("plot.hour.head"), t("plot.valence"), t("over.people")];
  return figure("hours", drawing, t("plot.hours"), heads, rows, { zone: timezone, n: few });
}

function extremes(known) {
  const order = [...known].sort((a, b) => a.valence - b.valence);
  const [low, high] = [order[0], order.at(-1)];
  return { low: t("plot.hour", { n: low.hour }), lowest: signed(low.valence), high: t("plot.hour", { n: high.hour }), highest: signed(high.valence), n: 24 - known.length };
}

/** Retention: cohorts below each other, weeks side by side; the share of the cohort that talked again. */
export function retention(found, few) {
  const weeks = Math.max(1, ...found.map((each) => each.back.length));
  const numbers = Array.from({ length: weeks }, (_, at) => at + 1);
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, t("plot.cohort")),
    el("th", { scope: "col" }, t("over.people")),
    ...numbers.map((week) => el("th", { scope: "col" }, t("plot.week", { n: week }))),
  );
  const cell = (cohort, week) => {
    if (week > cohort.back.length) return el("td.later", {}, el("span.unseen", {}, t("plot.later")));
    const back = cohort.back[week - 1];
    if (!enough(back) || !enough(cohort.people)) return el("td.few", {}, el("span", { "aria-hidden": "true" }, "·"), el("span.unseen", {}, t("few", { n: few })));
    const share = Math.min(1, back / cohort.people);
    return el(`td.heat.heat-${Math.min(9, Math.floor(share * 10))}`, {}, percent(share));
  };
  const known = found.filter((each) => enough(each.people));
  const body = known.map((each) =>
    el("tr", {}, el("th", { scope: "row" }, monday(each.week)), el("td.people", {}, atLeast(each.people, few)), ...numbers.map((week) => cell(each, week))),
  );
  const drawing = body.length
    ? el("div.scrolls", { tabindex: 0, role: "group", "aria-label": t("plot.retention") }, el("table.heats", {}, el("caption.unseen", {}, t("plot.retention")), el("thead", {}, head), el("tbody", {}, ...body)))
    : el("p.hint.none", {}, t("plot.none", { n: few }));
  return figure("retention", drawing, t("plot.retention"), null, null, { n: few, hidden: found.length - known.length });
}

/** Rating by model: how much of what was rated was liked. */
export function ratings(found, few) {
  const known = found.filter((each) => enough(each.likes));
  const [width, row, names] = [528, 44, 0];
  const height = Math.max(1, known.length) * row;
  const bars = known.flatMap((each, at) => {
    const y = at * row;
    const label = Object.assign(svg("text.name", { x: names, y: y + 14 }), { textContent: each.model });
    const value = Object.assign(svg("text.value", { x: width, y: y + 14, "text-anchor": "end" }), { textContent: `${percent(each.likes)} · ${t("plot.raters", { n: atLeast(each.people, few) })}` });
    return [
      label,
      value,
      svg("rect.track", { x: names, y: y + 20, width: width - names, height: 12, rx: 4 }),
      svg("rect.bar.up", { x: names, y: y + 20, width: Math.max(2, (width - names) * each.likes), height: 12, rx: 4 }),
    ];
  });
  const said = known.map((each) => `${each.model}: ${percent(each.likes)}`).join(t("list.and"));
  const drawing = known.length
    ? svg("svg.plot", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said }, ...bars)
    : el("p.hint.none", {}, t("plot.none", { n: few }));
  const rows = found.map((each) => [each.model, enough(each.likes) ? percent(each.likes) : t("few.short"), atLeast(each.people, few)]);
  const heads = [t("plot.model"), t("plot.likes"), t("over.people")];
  return figure("ratings", drawing, t("plot.ratings"), found.length ? heads : null, rows, { n: few });
}
