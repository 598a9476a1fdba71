// The microphone: asked for when it is first needed, let go when it is not.

import { RATE } from "./resample.js";

const CLEAN = { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false };

/** frames({pcm, level, captureMs}): 32 ms each, while it is open. ended(): it was taken away. */
export class Microphone {
  #opening = null; // a promise of {stream, context}

  constructor({ frames, ended }) {
    Object.assign(this, { frames, ended });
  }

  /** Ask for it. Rejects with the browser's DOMException (NotAllowedError, NotFoundError ...). */
  async start() {
    const opening = (this.#opening ??= this.#open());
    try {
      const { context } = await opening;
      await context.resume(); // a telephone call may have stopped it
    } catch (error) {
      if (this.#opening === opening) this.#opening = null;
      throw error;
    }
  }

  /** Let it go, also where it is only being opened: the browser shows that nobody listens. */
  stop() {
    this.#opening?.then(close, () => {});
    this.#opening = null;
  }

  async #open() {
    if (!navigator.mediaDevices) throw new DOMException("no microphone outside of https", "SecurityError");
    // The level is part of how somebody speaks: nothing may even it out. Echo must go, or replies would be heard.
    const stream = await navigator.mediaDevices.getUserMedia({ audio: CLEAN });
    stream.getTracks()[0].addEventListener("ended", () => this.ended());
    for (const options of [{ sampleRate: RATE }, {}]) { // Firefox takes the rate of the microphone only
      const context = new AudioContext(options);
      try {
        await this.#listen(stream, context);
        return { stream, context };
      } catch {
        context.close();
      }
    }
    stream.getTracks().forEach((track) => track.stop());
    throw new DOMException("the audio does not run", "NotReadableError");
  }

  async #listen(stream, context) {
    const source = context.createMediaStreamSource(stream);
    await context.audioWorklet.addModule(new URL("capture-worklet.js", import.meta.url));
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    const origin = performance.now() - context.currentTime * 1000;
    capture.port.onmessage = ({ data }) => this.frames({ ...data, captureMs: Math.max(0, origin + data.atMs) });
    source.connect(capture);
  }
}

function close({ stream, context }) {
  stream.getTracks().forEach((track) => track.stop());
  context.close();
}
