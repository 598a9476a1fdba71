// One conversation over as many sockets as it takes (companion.v1).

import { Incoming, Outgoing, backoffMs, framed } from "./resume.js";

const PING_MS = 20_000;
const SILENT_MS = 50_000; // no sign of the server for so long: the socket is dead though nobody said so
const POLICY = 1008;
const PROTOCOL = ["realtime", "openai-insecure-api-key."];

export const newId = (kind) => `${kind}_${crypto.randomUUID().replaceAll("-", "")}`;

/**
 * framing: "raw" PCM, or "header": frames have numbers, and what a drop swallowed is sent again. hears(event): each server event once, in order. state(name, detail): "connecting", "open", "waiting" ({seconds}),
 * "refused" ({message}), "superseded" or "closed".
 */
export class Link {
  #socket = null;
  #session = {}; // what session.update says
  #resume = null; // {session_id, resume_token}
  #incoming = new Incoming();
  #outgoing = new Outgoing();
  #audioSeq = 0;
  #attempt = 0;
  #open = false; // what is sent goes out now
  #resuming = false;
  #held = []; // how a new session would begin, while it is not known whether the old one goes on
  #refusal = null;
  #ended = null; // no more attempts: why
  #retryAfterMs = 0;
  #timer = 0;
  #heardAt = 0;

  constructor({ url, token, framing, hears, state }) {
    Object.assign(this, { url, token, framing, hears, state });
  }

  /** Connect, or connect again. Throws SyntaxError where the token cannot be one. */
  connect() {
    clearTimeout(this.#timer);
    this.#ended = null;
    this.state("connecting");
    const socket = new WebSocket(this.url, [PROTOCOL[0], PROTOCOL[1] + this.token]);
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.addEventListener("open", () => this.#opened(socket));
    socket.addEventListener("message", ({ data }) => this.#socket === socket && this.#message(JSON.parse(data)));
    socket.addEventListener("close", ({ code, reason }) => this.#socket === socket && this.#closed(code, reason));
  }

  /** Attempt at once instead of waiting any longer. */
  hurry() {
    if (!this.#socket && !this.#ended) this.connect();
  }

  /** Say goodbye. */
  close() {
    this.#ended = "closed";
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    this.#socket = null;
    this.#open = false;
    this.state("closed");
  }

  /** Fields of `session` that hold from now on, on this socket and the next. */
  configure(session) {
    this.#session = session;
    if (this.#open) this.#put({ type: "session.update", session: this.#fields() });
  }

  /** Send an event. With settledBy(serverEvent) it is sent again after a drop until that is true. */
  send(event, settledBy) {
    const whole = { event_id: newId("ev"), ...event };
    if (settledBy) this.#outgoing.event(whole, settledBy);
    if (this.#open) this.#put(whole);
    return whole.event_id;
  }

  /** Send PCM16LE (ArrayBuffer), recorded captureMs after some fixed moment. */
  audio(pcm, captureMs) {
    if (this.framing === "raw") {
      if (this.#open) this.#write(pcm);
      return;
    }
    const seq = (this.#audioSeq += 1);
    const frame = framed(pcm, { seq, captureMs });
    this.#outgoing.audio(seq, frame);
    if (this.#open) this.#write(frame);
  }

  /** Forget what was recorded and not committed, here and there. */
  clearAudio() {
    this.#outgoing.forgetAudio();
    this.send({ type: "input_audio_buffer.clear" });
  }

  #fields() {
    return { ...this.#session, companion: { ...this.#session.companion, framing: this.framing } };
  }

  #put(event) {
    this.#write(JSON.stringify(event));
  }

  #write(frame) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame); // else it is closing, and nobody said so yet
  }

  #opened(socket) {
    if (this.#socket !== socket) return;
    this.#resuming = Boolean(this.#resume);
    this.#held = [];
    if (this.#resuming) {
      const last_audio_seq = this.framing === "header" ? this.#audioSeq : null;
      this.#put({ type: "companion.resume", ...this.#resume, last_seq: this.#incoming.lastSeq, last_audio_seq });
    } else {
      this.#put({ type: "session.update", session: this.#fields() });
    }
    this.#watch(socket);
  }

  #watch(socket) {
    const beat = setInterval(() => {
      if (this.#socket !== socket) return clearInterval(beat);
      if (Date.now() - this.#heardAt > SILENT_MS) {
        socket.close();
        this.#closed(1006);
      } else if (this.#open) {
        this.#put({ type: "companion.ping" });
      }
    }, PING_MS);
  }

  #message(event) {
    this.#heardAt = Date.now();
    if (this.#resuming && this.#begins(event)) return void this.#held.push(event);
    if (event.type === "companion.session") this.#greeted(event);
    else if (event.type === "error" && !this.#open) this.#failed(event.error);
    else if (event.type === "companion.notice") this.#noticed(event);
    else if (event.type === "session.updated" && !this.#resuming) this.#ready();
    if (!this.#incoming.take(event)) return;
    this.#outgoing.settle(event);
    this.hears(event);
  }

  /** Whether it is of the session that every socket is offered, and that is not ours while the old one can go on. */
  #begins({ type, session_id }) {
    return type === "session.created" || (type === "companion.session" && session_id !== this.#resume.session_id);
  }

  #greeted({ session_id, resume_token, last_audio_seq }) {
    this.#resume = { session_id, resume_token };
    if (!this.#resuming) return;
    this.#resuming = false; // what was missed came before this
    this.#outgoing.heard(last_audio_seq);
    this.#put({ type: "session.update", session: this.#fields() });
  }

  #failed(error) {
    if (this.#resuming && error.code.startsWith("resume_")) this.#afresh();
    else this.#refusal = error;
  }

  /** The old session is over there; what of it had not arrived goes into the new one. */
  #afresh() {
    this.#resuming = false;
    this.#incoming = new Incoming();
    for (const event of this.#held.splice(0)) this.#message(event);
    this.#put({ type: "session.update", session: this.#fields() });
  }

  #noticed({ kind, retry_after_s }) {
    if (kind === "superseded") this.#ended = "superseded";
    if (retry_after_s) this.#retryAfterMs = retry_after_s * 1000;
  }

  #ready() {
    if (this.#open) return;
    this.#open = true;
    this.#attempt = 0;
    this.#refusal = null;
    for (const each of this.#outgoing.waiting()) {
      if (each instanceof Uint8Array) this.#write(each);
      else this.#put(each);
    }
    this.state("open");
  }

  #closed(code, reason) {
    this.#socket = null;
    this.#open = false;
    if (this.#ended) {
      this.state(this.#ended);
    } else if (code === POLICY) {
      this.#ended = "refused";
      this.state("refused", { message: this.#refusal?.message ?? reason });
    } else {
      const wait = Math.max(this.#retryAfterMs, backoffMs(this.#attempt, Math.random()));
      this.#attempt += 1;
      this.#retryAfterMs = 0;
      this.#timer = setTimeout(() => this.connect(), wait);
      this.state("waiting", { seconds: Math.ceil(wait / 1000) });
    }
  }
}
