// The microphone, as PCM16LE of 16 kHz in frames of 32 ms: {pcm: ArrayBuffer, level: dB re full scale, atMs}.

import { RATE, Resampler } from "./resample.js";

const FRAME = 512;

class Capture extends AudioWorkletProcessor {
  resampler = new Resampler(sampleRate);
  frame = new Int16Array(FRAME); // every platform with an AudioWorklet is little-endian
  filled = 0;
  energy = 0;

  process([[channel]]) {
    if (channel) this.resampler.feed(channel).forEach((sample) => this.take(sample));
    return true;
  }

  take(sample) {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.frame[this.filled] = Math.round(clipped * 32_767);
    this.energy += clipped * clipped;
    this.filled += 1;
    if (this.filled < FRAME) return;
    const pcm = this.frame.buffer.slice(0);
    const level = 10 * Math.log10(this.energy / FRAME + 1e-10);
    this.port.postMessage({ pcm, level, atMs: currentTime * 1000 - (FRAME * 1000) / RATE }, [pcm]);
    this.filled = this.energy = 0;
  }
}

registerProcessor("capture", Capture);
