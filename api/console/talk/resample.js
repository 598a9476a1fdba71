// Any rate -> 16 kHz, by a windowed sinc. Pure; runs in the audio worklet.

export const RATE = 16_000;
const ZEROS = 16; // of the sinc on each side: over 60 dB down from 9 kHz on
const CUTOFF = 0.92; // of the lower Nyquist frequency: what lies above would fold

/** One stream. from: its rate in Hz. */
export class Resampler {
  constructor(from) {
    this.step = from / RATE; // input samples an output sample
    const cut = CUTOFF / Math.max(1, this.step);
    this.half = Math.ceil(ZEROS / cut);
    this.cut = cut;
    this.kept = new Float32Array(this.half); // silence before the beginning
    this.at = this.half; // of the next output sample, in `kept`
  }

  /** Float32Array of any length -> Float32Array of what is ready. */
  feed(samples) {
    if (this.step === 1) return samples;
    const all = new Float32Array(this.kept.length + samples.length);
    all.set(this.kept);
    all.set(samples, this.kept.length);
    const out = [];
    for (; this.at + this.half < all.length; this.at += this.step) out.push(this.#sample(all));
    const past = Math.max(0, Math.floor(this.at) - this.half);
    this.kept = all.slice(past);
    this.at -= past;
    return Float32Array.from(out);
  }

  #sample(all) {
    let sum = 0;
    for (let n = Math.ceil(this.at - this.half); n <= this.at + this.half; n += 1) {
      const x = n - this.at;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / this.half); // Hann
      const phase = Math.PI * this.cut * x;
      sum += (all[n] ?? 0) * window * (phase === 0 ? this.cut : (this.cut * Math.sin(phase)) / phase);
    }
    return sum;
  }
}
