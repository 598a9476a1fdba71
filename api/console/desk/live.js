// A talk as it goes on: the socket, who has the floor, what is being said, and the counsellor's own words.

import { desk } from "./desk.js";

const PING_MS = 5000;
const AGAIN_MS = 2000;
const POLICY = 1008;
const SAID = "conversation.item.input_audio_transcription";

/** What is being said and in no turn yet, gathered from events: [{said, reply}], at most one exchange at a time. */
export class Growing {
  #now = null;

  get parts() {
    return this.#now ? [this.#now] : [];
  }

  clear() {
    this.#now = null;
  }

  /** Take an event. "grown": something is to be shown; "done": the turn is over; null: neither. */
  take(event) {
    const part = () => (this.#now ??= { said: "", reply: "" });
    if (event.type === `${SAID}.delta`) part().said += event.delta;
    else if (event.type === `${SAID}.completed`) part().said = event.transcript;
    else if ((event.type === "conversation.item.added" || event.type === "conversation.item.done") && event.item?.role === "user") {
      const text = (event.item.content ?? []).map((each) => each.text ?? each.transcript ?? "").join("");
      if (!text) return null;
      part().said = text;
    } else if (event.type === "response.output_text.delta") part().reply += event.delta;
    else if (event.type === "response.output_text.done") part().reply = event.text;
    else if (event.type === "response.done" || event.type === "conversation.item.deleted") return "done";
    else return null;
    return "grown";
  }
}

export class Live {
  #socket = null;
  #timers = [];
  #closed = false;

  /** told: {state(frame), event(event), failed(code, message)}. */
  constructor(sessionId, told) {
    Object.assign(this, { sessionId, told, state: null, refused: null });
    this.#connect();
    this.#timers.push(setInterval(() => this.send("ping"), PING_MS));
  }

  get mine() {
    return this.state?.floor === "human" && this.state.by?.id === desk.me?.id;
  }

  send(type, fields = {}) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify({ type, ...fields }));
    return true;
  }

  close() {
    this.#closed = true;
    this.#timers.forEach(clearInterval);
    this.#socket?.close();
  }

  #connect() {
    const url = `${location.origin.replace(/^http/, "ws")}/v1/review/sessions/${encodeURIComponent(this.sessionId)}/live`;
    const socket = (this.#socket = new WebSocket(url));
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (this.#closed || socket !== this.#socket) return;
      this.state = null;
      this.told.state(null);
      if (code !== POLICY) setTimeout(() => this.#closed || this.#connect(), AGAIN_MS);
    };
  }

  #hear(frame) {
    if (frame.type === "state") {
      this.state = frame;
      this.told.state(frame);
    } else if (frame.type === "event") this.told.event(frame.event);
    else if (frame.type === "error") {
      this.refused = frame.code;
      this.told.failed(frame.code, frame.message);
    }
  }
}
