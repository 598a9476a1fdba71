// The affect curve of a session: two channels with their uncertainty, where they differ, and the danger. Drawn by uPlot.

import { el, keepingFocus } from "./dom.js";
import { reading, signed } from "./format.js";
import { differs } from "./summary.js";
import UPlot from "./uplot.esm.js";
import { t, term } from "./words.js";

export const CHANNELS = ["words", "voice"];
const [LOW, HIGH] = [-1.72, 1.3]; // the value's own scale is -1..1: above it the differences, below it the danger
const FLOOR = -1.34;
const APART_AT = 1.16;
const DOTS_TO = 90; // turns; beyond, dots would touch
const COLOURS = ["words", "words-wash", "voice", "voice-wash", "line", "soft", "ink", "sheet", "risk-1", "risk-2", "risk-3", "risk-4", "risk-wash"];

/** x: places from 1; of each channel the value and the band, cut at full scale; null where it is unknown. */
export function columns(turns, what) {
  const of = (turn, channel) => turn.affect?.[channel] ?? null;
  const known = (read) => read !== null && read[what] !== null && read[what] !== undefined;
  const cut = (value) => Math.max(-1, Math.min(1, value));
  const channel = (name) => {
    const reads = turns.map((turn) => of(turn, name));
    return {
      value: reads.map((read) => (known(read) ? cut(read[what]) : null)),
      low: reads.map((read) => (known(read) ? cut(read[what] - read.uncertainty) : null)),
      high: reads.map((read) => (known(read) ? cut(read[what] + read.uncertainty) : null)),
    };
  };
  return { x: turns.map((_, place) => place + 1), words: channel("words"), voice: channel("voice") };
}

/** Stretches of places without a gap, as [first, last]. */
export function stretches(values) {
  const found = [];
  values.forEach((value, at) => {
    if (value === null) return;
    if (at && values[at - 1] !== null) found.at(-1)[1] = at;
    else found.push([at, at]);
  });
  return found;
}

export class Curve {
  #plot = null;
  #turns = [];
  #picked = null;
  #what = "valence";
  #watch = new ResizeObserver(() => this.#fit());
  #scheme = matchMedia("(prefers-color-scheme: dark)");
  #repaint = () => this.#build();

  /** pick: called with the place of the turn that was clicked. */
  constructor(pick) {
    this.pick = pick;
    this.box = el("div.plot", { role: "img" });
    this.node = el("section.curve", {});
    this.#watch.observe(this.box);
    this.#scheme.addEventListener("change", this.#repaint);
  }

  close() {
    this.#watch.disconnect();
    this.#scheme.removeEventListener("change", this.#repaint);
    this.#plot?.destroy();
  }

  show(turns, picked) {
    Object.assign(this, { open: this.node.querySelector("details")?.open ?? false });
    this.#turns = turns;
    this.#picked = picked;
    this.#draw();
  }

  choose(place) {
    this.#picked = place;
    this.#plot?.redraw(false);
    this.#tell(place);
  }

  #draw() {
    const data = columns(this.#turns, this.#what);
    const many = (values) => values.filter((value) => value !== null).length;
    const counts = {
      n: this.#turns.length,
      what: t(`curve.${this.#what}`),
      words: many(data.words.value),
      voice: many(data.voice.value),
      apart: this.#turns.filter(differs).length,
      risk: this.#turns.filter((turn) => turn.risk.level > 0).length,
    };
    this.box.setAttribute("aria-label", t("curve.label", counts));
    const kinds = ["valence", "arousal"].map((what) =>
      el("button.pill", { type: "button", "aria-pressed": String(what === this.#what), key: `curve-${what}`, onclick: () => this.#turn(what) }, t(`curve.${what}`)),
    );
    const key = [
      ...CHANNELS.map((name) => el(`span.${name}`, {}, el("i", { "aria-hidden": "true" }), t(`curve.${name}`))),
      el("span.apart", {}, el("i", { "aria-hidden": "true" }, "◆"), t("curve.apart")),
      el("span.danger", {}, el("i", { "aria-hidden": "true" }), t("curve.risk")),
    ];
    this.line = el("p.readout", { id: "readout" });
    const mute = this.#what === "valence" && counts.voice === 0 && many(columns(this.#turns, "arousal").voice.value) > 0;
    const parts = [
      el("header", {}, el("h2", {}, t("curve.title")), el("p.key", {}, ...key), el("div.pills", {}, ...kinds)),
      this.box,
      this.line,
      mute ? el("p.hint", {}, t("curve.novoice")) : "",
      el("details.numbers", { open: this.open }, el("summary", {}, t("curve.table")), el("p.hint", {}, t("curve.note")), el("div.scrolls", {}, this.#table())),
    ];
    keepingFocus(this.node, () => this.node.replaceChildren(...parts));
    this.data = data;
    this.#build();
    this.#tell(this.#picked);
  }

  #turn(what) {
    this.#what = what;
    this.#draw();
    this.node.querySelector(`[data-key=curve-${what}]`).focus();
  }

  #table() {
    const head = ["col.turns", "curve.words", "curve.voice", "curve.apart", "curve.risk"].map((name, at) =>
      el("th", { scope: "col" }, at ? t(name) : "#"),
    );
    const told = (read) => (this.#what === "valence" ? reading(read) : signed(read?.arousal));
    const rows = this.#turns.map((turn, place) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, String(place + 1)),
        ...CHANNELS.map((name) => el("td", {}, told(turn.affect?.[name]))),
        el("td", {}, differs(turn) ? term("apart", differs(turn)) : ""),
        el("td", {}, turn.risk.level ? String(turn.risk.level) : ""),
      ),
    );
    return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
  }

  #tell(place) {
    const turn = this.#turns[place];
    if (!turn || !this.line) return;
    const told = (name) => el(`span.${name}`, {}, `${t(`curve.${name}`)} ${this.#what === "valence" ? reading(turn.affect?.[name]) : signed(turn.affect?.[name]?.arousal)}`);
    const parts = [el("b", {}, t("curve.at", { n: place + 1 })), ...CHANNELS.map(told)];
    if (differs(turn)) parts.push(el("span", {}, `◆ ${term("apart", differs(turn))}`));
    if (turn.risk.level) parts.push(el("span", {}, t("turn.risk", { level: turn.risk.level })));
    this.line.replaceChildren(...parts);
  }

  #fit() {
    if (this.#plot && this.box.clientWidth) this.#plot.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
  }

  #build() {
    if (!this.data || !this.box.isConnected) return;
    this.#plot?.destroy();
    const style = getComputedStyle(this.box);
    const ink = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    const n = this.#turns.length;
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const channel = (name) => ({
      label: name,
      stroke: ink[name],
      width: 2,
      spanGaps: false,
      points: { show: n <= DOTS_TO || undefined, size: 5.5, fill: name === "words" ? ink[name] : ink.sheet, stroke: ink[name], width: 1.5 },
    });
    const axis = { stroke: ink.soft, font, ticks: { show: false }, grid: { show: false } };
    const options = {
      width: Math.max(200, this.box.clientWidth),
      height: Math.max(140, this.box.clientHeight),
      padding: [4, 10, 0, 0],
      legend: { show: false },
      scales: { x: { time: false, range: [0.4, n + 0.6] }, y: { range: [LOW, HIGH] } },
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 9 } },
      axes: [
        { ...axis, size: 22, gap: 2, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200], space: 42 },
        {
          ...axis,
          size: 34,
          gap: 4,
          splits: () => [-1, -0.5, 0, 0.5, 1],
          values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value)}` : "")),
        },
      ],
      series: [{}, channel("words"), channel("voice")],
      hooks: {
        drawClear: [(plot) => this.#below(plot, ink)],
        draw: [(plot) => this.#above(plot, ink, font)],
        setCursor: [(plot) => this.#tell(plot.cursor.idx ?? this.#picked)],
      },
    };
    const { x, words, voice } = this.data;
    this.#plot = new UPlot(options, [x, words.value, voice.value], this.box);
    this.#plot.over.addEventListener("click", () => {
      if (this.#plot.cursor.idx !== null && this.#plot.cursor.idx !== undefined) this.pick(this.#plot.cursor.idx);
    });
  }

  /** Under the lines: where it was dangerous, the scale, the bands. */
  #below(plot, ink) {
    const { ctx } = plot;
    const [x, y] = [(value) => plot.valToPos(value, "x", true), (value) => plot.valToPos(value, "y", true)];
    ctx.save();
    this.#turns.forEach((turn, place) => {
      if (turn.risk.level < 3) return;
      ctx.fillStyle = ink["risk-wash"];
      ctx.fillRect(x(place + 0.5), y(1), x(place + 1.5) - x(place + 0.5), y(LOW) - y(1));
    });
    ctx.strokeStyle = ink.line;
    ctx.lineWidth = devicePixelRatio;
    for (const value of [-1, -0.5, 0, 0.5, 1]) {
      ctx.setLineDash(value === 0 ? [] : [2 * devicePixelRatio, 4 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(plot.bbox.left, y(value));
      ctx.lineTo(plot.bbox.left + plot.bbox.width, y(value));
      ctx.stroke();
    }
    for (const name of CHANNELS) {
      const { low, high } = this.data[name];
      ctx.fillStyle = ink[`${name}-wash`];
      for (const [first, last] of stretches(low)) {
        if (first === last) {
          const wide = Math.min(10 * devicePixelRatio, (x(2) - x(1)) / 2); // one alone would have no width
          ctx.fillRect(x(first + 1) - wide / 2, y(high[first]), wide, y(low[first]) - y(high[first]));
          continue;
        }
        ctx.beginPath();
        for (let at = first; at <= last; at += 1) ctx.lineTo(x(at + 1), y(high[at]));
        for (let at = last; at >= first; at -= 1) ctx.lineTo(x(at + 1), y(low[at]));
        ctx.fill();
      }
    }
    ctx.restore();
  }

  /** Over the lines: where they differ, how dangerous each turn was, which turn is open. */
  #above(plot, ink, font) {
    const { ctx } = plot;
    const [x, y] = [(value) => plot.valToPos(value, "x", true), (value) => plot.valToPos(value, "y", true)];
    const dot = devicePixelRatio;
    const wide = Math.max(2 * dot, Math.min(9 * dot, (x(2) - x(1)) * 0.6));
    ctx.save();
    ctx.textAlign = "center";
    ctx.font = font.replace("11px", `600 ${10.5 * dot}px`);
    this.#turns.forEach((turn, place) => {
      const [at, level] = [x(place + 1), turn.risk.level];
      if (differs(turn)) {
        ctx.fillStyle = ink.ink;
        ctx.beginPath();
        for (const [right, down] of [[0, -4.5], [4, 0], [0, 4.5], [-4, 0]]) ctx.lineTo(at + right * dot, y(APART_AT) + down * dot);
        ctx.fill();
      }
      if (level) {
        const top = y(LOW) - (level / 4) * (y(LOW) - y(FLOOR));
        ctx.fillStyle = ink[`risk-${level}`];
        ctx.fillRect(at - wide / 2, top, wide, y(LOW) - top);
        if (level >= 2) ctx.fillText(String(level), at, top - 2.5 * dot);
      }
    });
    if (this.#turns[this.#picked]) {
      ctx.strokeStyle = ink.ink;
      ctx.lineWidth = 1.25 * dot;
      ctx.beginPath();
      ctx.moveTo(x(this.#picked + 1), y(1.04));
      ctx.lineTo(x(this.#picked + 1), y(-1.04));
      ctx.stroke();
    }
    ctx.restore();
  }
}
