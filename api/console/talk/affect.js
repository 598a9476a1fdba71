// How the person seems, turn by turn: from companion.affect to points, and from points to shapes. Pure.
// The words tell how pleasant it is (valence), the voice how stirred (arousal): each channel is drawn for what it can
// tell. null is unknown, which is not neutral: it is a gap, never a zero.

const CLEAR = 0.25; // |value| from which it has a direction; authored
const UNSURE = 0.7; // uncertainty from which a reading is called one; authored
const FEW = 3; // utterances heard before, below which "than usual" says too much; authored

/** One turn as it is drawn: {id, words: {value, spread} | null, voice: ..., kind, known, typed}. */
export function point(event) {
  return {
    id: event.item_id,
    words: reading(event.words, "valence"),
    voice: reading(event.voice, "arousal"),
    kind: event.incongruence?.kind ?? null,
    known: (event.baseline?.n ?? 0) >= FEW,
    typed: event.voice === null && event.status !== "partial",
  };
}

function reading(channel, name) {
  const value = channel?.[name];
  return value == null ? null : { value, spread: channel.uncertainty };
}

/** Names of words.js for one turn: {words, voice, unsureWords, unsureVoice}. */
export function phrases({ words, voice, known, typed }) {
  const where = (value) => (value > CLEAR ? "up" : value < -CLEAR ? "down" : "level");
  const usual = known ? "" : ".stranger";
  return {
    words: words ? `words.${where(words.value)}` : "words.unknown",
    voice: voice ? `voice.${where(voice.value)}${usual}` : typed ? "voice.none" : "voice.unknown",
    unsureWords: Boolean(words && words.spread >= UNSURE),
    unsureVoice: Boolean(voice && voice.spread >= UNSURE),
  };
}

/** The newest turns; a later reading of a turn takes the place of the earlier one. */
export class Turns {
  points = [];
  past = 0; // turns that are no longer drawn

  constructor(most = 12) {
    this.most = most;
  }

  add(event) {
    const next = point(event);
    const at = this.points.findIndex(({ id }) => id === next.id);
    if (at >= 0) this.points[at] = next;
    else this.points.push(next);
    if (this.points.length > this.most) {
      this.points.shift();
      this.past += 1;
    }
    return next;
  }
}

/**
 * One channel as shapes in a box of width x height at top: {line, band, dots: [{x, y, low, high}]}.
 * line and band are SVG paths, broken where a turn is unknown; low and high are the edges of the band, which is
 * value +- uncertainty, within -1..1.
 */
export function shapes(points, channel, { left, width, top, height, slots }) {
  const step = width / Math.max(1, slots - 1);
  const y = (value) => top + ((1 - Math.max(-1, Math.min(1, value))) / 2) * height;
  const dots = points.map((each, index) => {
    const read = each[channel];
    if (!read) return null;
    const { value, spread } = read;
    return { id: each.id, x: left + index * step, y: y(value), low: y(value - spread), high: y(value + spread) };
  });
  const runs = dots.reduce((all, dot, index) => {
    if (!dot) return all;
    if (index > 0 && dots[index - 1]) all.at(-1).push(dot);
    else all.push([dot]);
    return all;
  }, []);
  const path = (run) => run.map((dot) => `${round(dot.x)} ${round(dot.y)}`).join("L");
  return {
    line: runs.filter((run) => run.length > 1).map((run) => `M${path(run)}`).join(""),
    band: runs.map((run) => band(run, Math.min(step / 3, 7))).join(""),
    dots: dots.filter(Boolean),
  };
}

function band(run, half) {
  const wide = run.length > 1 ? run : [{ ...run[0], x: run[0].x - half }, { ...run[0], x: run[0].x + half }];
  const high = wide.map((dot) => `${round(dot.x)} ${round(dot.high)}`);
  const low = wide.map((dot) => `${round(dot.x)} ${round(dot.low)}`).reverse();
  return `M${[...high, ...low].join("L")}Z`;
}

const round = (number) => Math.round(number * 10) / 10;
