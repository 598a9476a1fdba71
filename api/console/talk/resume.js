// What survives a dropped socket (companion.v1). Pure: no socket, no clock, no DOM.

export const HEADER_BYTES = 12;
export const FRAME_MS = 32;
const VERSION = 1;
const MICROPHONE = 1;
const KEPT_FRAMES = Math.ceil(70_000 / FRAME_MS); // longer than the longest utterance that a server takes

/** One binary frame: u8 version, u8 kind, u16 stream, u32 seq, u32 capture_ms, big-endian, then the PCM16LE. */
export function framed(pcm, { stream = 0, seq, captureMs }) {
  const frame = new Uint8Array(HEADER_BYTES + pcm.byteLength);
  const view = new DataView(frame.buffer);
  view.setUint8(0, VERSION);
  view.setUint8(1, MICROPHONE);
  view.setUint16(2, stream);
  view.setUint32(4, seq >>> 0);
  view.setUint32(8, Math.round(captureMs) >>> 0);
  frame.set(new Uint8Array(pcm), HEADER_BYTES);
  return frame;
}

/** What was sent and is not yet known to be on the server's disk, in the order in which it was sent. */
export class Outgoing {
  #entries = [];
  #frames = 0;

  constructor(keptFrames = KEPT_FRAMES) {
    this.keptFrames = keptFrames;
  }

  /** Keep an audio frame; the oldest one goes when there are too many. */
  audio(seq, frame) {
    this.#entries.push({ seq, frame });
    this.#frames += 1;
    if (this.#frames > this.keptFrames) {
      this.#entries.splice(this.#entries.findIndex((entry) => entry.frame), 1);
      this.#frames -= 1;
    }
  }

  /** Keep a client event until settledBy(serverEvent) is true, or an error names it. */
  event(event, settledBy) {
    this.#entries.push({ event, settledBy });
  }

  /** Forget what a server event shows to be kept there. */
  settle(told) {
    if (told.type === "input_audio_buffer.committed" && told.last_audio_seq != null) {
      this.heard(told.last_audio_seq);
    }
    const refused = told.type === "error" ? told.error.event_id : null;
    const done = this.#entries.find(
      ({ event, settledBy }) => event && ((refused && event.event_id === refused) || settledBy(told)),
    );
    if (done) this.#drop((entry) => entry === done);
  }

  /** Audio up to seq needs no resending; null: none of it is known. */
  heard(seq) {
    if (seq != null) this.#drop((entry) => entry.frame && entry.seq <= seq);
  }

  /** Forget all audio: it was cleared, or its stream is over. */
  forgetAudio() {
    this.#drop((entry) => entry.frame);
  }

  /** What to send again: frames (Uint8Array) and events (objects), oldest first. */
  waiting() {
    return this.#entries.map(({ frame, event }) => frame ?? event);
  }

  #drop(which) {
    this.#entries = this.#entries.filter((entry) => !which(entry));
    this.#frames = this.#entries.filter((entry) => entry.frame).length;
  }
}

/** The server's numbering, 1, 2, 3 ...: each event is taken once, however often and in whatever order it is sent. */
export class Incoming {
  lastSeq = 0; // all up to here were taken
  #beyond = new Set();

  /** Whether this event is new; one without a number always is. */
  take({ seq }) {
    if (!seq) return true;
    if (seq <= this.lastSeq || this.#beyond.has(seq)) return false;
    this.#beyond.add(seq);
    while (this.#beyond.delete(this.lastSeq + 1)) this.lastSeq += 1;
    return true;
  }
}

/** Milliseconds before attempt 0, 1, 2 ...: doubling from 0.5 s to 15 s, of which random (0..1) takes off up to half. */
export function backoffMs(attempt, random) {
  const most = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return most * (1 - random / 2);
}
