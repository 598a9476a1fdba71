// The open cases as the server tells them: read once, then kept by its events.

import { now, read, readAll, whoAmI } from "./api.js";
import { desk, elder } from "./desk.js";

const OPEN = ["waiting", "claimed", "with_person"];
const SILENT_MS = 40_000; // the server pings each 15 s
const AGAIN_MS = 2000;

export const late = (each) => (each.state === "waiting" || each.state === "claimed") && now() > each.due_at;
export const mine = (each) => each.claimed_by?.id === desk.me?.id;
/** Whether what they said may be read: of a person whom one may not see, only that they wait is told. */
export const readable = (each) => elder() || mine(each) || each.said !== null;

const before = (one, other) =>
  Number(late(other)) - Number(late(one)) || one.priority - other.priority || one.due_at - other.due_at || (one.id < other.id ? -1 : 1);

export class Cases extends EventTarget {
  #cases = new Map();
  #source = null;
  #reading = null;
  #missed = [];
  #heard = 0;
  #timers = [];

  /** Follow the queue until `close`. Tells `change` ({detail: the case, or null}), `arrived`, and `wire` (its state). */
  follow() {
    this.#connect();
    this.#timers.push(setInterval(() => this.#check(), 5000));
  }

  close() {
    this.#source?.close();
    this.#timers.forEach(clearInterval);
    this.#cases.clear();
  }

  /** Those that are open: late ones first, then by priority, then by when they are due. */
  get open() {
    return [...this.#cases.values()].sort(before);
  }

  of(sessionId) {
    return this.open.find((each) => each.session_id === sessionId) ?? null;
  }

  closed(cursor) {
    return read("/queue", { state: "closed", limit: 50, cursor });
  }

  /** A case as it is now. */
  put(each) {
    const known = this.#cases.get(each.id);
    const shown = OPEN.includes(each.state) && (each.state === "waiting" || readable(each));
    if (shown) this.#cases.set(each.id, each);
    else this.#cases.delete(each.id);
    this.#tell("change", each);
    if (shown && each.state === "waiting" && known?.state !== "waiting") this.#tell("arrived", each);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #connect() {
    this.#source?.close();
    this.#tell("wire", "opening");
    const source = (this.#source = new EventSource("/v1/review/events"));
    this.#heard = Date.now();
    const on = (name, told) =>
      source.addEventListener(name, (event) => {
        this.#heard = Date.now();
        told(event);
      });
    on("hello", () => this.#read());
    on("ping", () => {});
    on("case", (event) => {
      const each = JSON.parse(event.data);
      if (this.#reading) this.#missed.push(each);
      else this.put(each);
    });
    source.onerror = () => {
      if (source !== this.#source) return;
      this.#tell("wire", "waiting");
      if (source.readyState === EventSource.CLOSED) this.#later();
    };
  }

  #later() {
    const source = this.#source;
    setTimeout(async () => {
      if (source !== this.#source || !desk.me) return;
      const me = await whoAmI().catch((error) => error); // 401 shows the sign-in
      if (me.status === 401) return;
      if (desk.me) this.#connect();
    }, AGAIN_MS);
  }

  #check() {
    if (Date.now() - this.#heard > SILENT_MS) this.#connect();
  }

  async #read() {
    const reading = (this.#reading = readAll("/queue", { state: "open" }));
    try {
      const found = await reading;
      if (reading !== this.#reading) return;
      this.#cases = new Map(found.map((each) => [each.id, each]));
      this.#tell("wire", "open");
      this.#tell("change", null);
    } catch {
      this.#tell("wire", "waiting");
      if (reading === this.#reading) this.#later();
    } finally {
      if (reading === this.#reading) {
        this.#reading = null;
        this.#missed.splice(0).forEach((each) => this.put(each));
      }
    }
  }
}

export const cases = new Cases();
