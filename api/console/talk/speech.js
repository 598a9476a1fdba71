// Talking: the button that is held, the hands-free switch, and the level.

import { by, draw } from "./dom.js";
import { Microphone } from "./microphone.js";
import { say, word } from "./words.js";

const HOLD_MS = 400; // a shorter press is a tap: it begins, and the next one ends
const TAIL_FRAMES = 5; // 160 ms after the button, so that the last sound is whole
const FEWEST_FRAMES = 12; // 384 ms: less is a slip of the finger
const IDLE_MS = 30_000; // then the microphone is let go
const FLOOR = -60; // dB
const BARS = 48;

/** stop(): silence the reply. tell(name, values): a notice. */
export class Speech {
  #link = null;
  #stop;
  #tell;
  #microphone = new Microphone({ frames: (frame) => this.#frame(frame), ended: () => this.#lost() });
  #press = by("press");
  #free = false;
  #talking = false; // frames are sent
  #held = 0; // when the press that is still on began
  #latched = false;
  #wanted = false; // until the microphone is open
  #frames = 0;
  #tail = 0;
  #idle = 0;
  #levels = new Array(BARS).fill(FLOOR);
  #path = draw("path", { "vector-effect": "non-scaling-stroke" });

  constructor({ stop, tell }) {
    [this.#stop, this.#tell] = [stop, tell];
    by("level").append(this.#path);
    this.#listen();
    this.#show();
  }

  /** Talk over this link from now on. */
  use(link) {
    this.#link = link;
    this.#configure();
  }

  /** Let go of everything. */
  end() {
    this.#talking = this.#wanted = this.#free = this.#latched = false;
    this.#microphone.stop();
    this.#show();
  }

  #listen() {
    let pointed = false;
    const button = this.#press;
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      pointed = true;
      button.setPointerCapture(event.pointerId);
      this.#down();
    });
    button.addEventListener("pointerup", () => this.#up());
    button.addEventListener("pointercancel", () => this.#up());
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // of a long touch
    button.addEventListener("click", () => {
      if (!pointed) this.#down(); // Enter, or a screen reader: they cannot hold
      pointed = false;
      this.#latch();
    });
    document.addEventListener("keydown", (event) => {
      if (event.code !== "Space" || !this.#isOurs(event.target)) return;
      event.preventDefault();
      if (!event.repeat) this.#down();
    });
    document.addEventListener("keyup", (event) => {
      if (event.code !== "Space" || !this.#isOurs(event.target)) return;
      event.preventDefault();
      this.#up();
    });
    window.addEventListener("blur", () => this.#up());
    by("free").addEventListener("click", () => this.#setFree(!this.#free));
  }

  #isOurs(target) {
    if (by("talk").hidden) return false;
    return target === this.#press || !target.closest?.("input, textarea, button, summary, a");
  }

  #down() {
    if (this.#free) return void this.#setFree(false);
    if (this.#talking || this.#wanted) return this.#finish();
    this.#held = performance.now();
    this.#latched = false;
    this.#begin();
  }

  #up() {
    if (!this.#held) return;
    if (performance.now() - this.#held < HOLD_MS) this.#latch();
    else this.#finish();
    this.#held = 0;
  }

  #latch() {
    if (!this.#talking && !this.#wanted) return;
    this.#held = 0;
    this.#latched = true;
    this.#show();
  }

  async #begin() {
    this.#stop();
    this.#wanted = true;
    this.#show();
    if (!(await this.#opened())) return;
    if (!this.#wanted) return this.#rest(); // let go of before it was open
    this.#wanted = false;
    this.#frames = this.#tail = 0;
    this.#talking = true;
    this.#show();
  }

  #finish() {
    this.#latched = false;
    if (this.#wanted) this.#wanted = false; // it was not open yet
    else if (this.#talking) this.#tail = TAIL_FRAMES;
    this.#show();
  }

  #commit() {
    this.#talking = false;
    this.#rest();
    this.#show();
    if (this.#frames < FEWEST_FRAMES) {
      this.#link.clearAudio();
      this.#tell("press.short");
      return;
    }
    this.#link.send(
      { type: "input_audio_buffer.commit" },
      ({ type, error }) => type === "input_audio_buffer.committed" || error?.code === "input_audio_buffer_commit_empty",
    );
    this.#link.send({ type: "response.create" }, ({ type }) => type === "response.created");
  }

  async #setFree(free) {
    if (free && !(await this.#opened())) return;
    clearTimeout(this.#idle);
    this.#free = free;
    this.#talking = this.#latched = false;
    if (!free) {
      this.#microphone.stop();
      this.#link.clearAudio();
    }
    this.#configure();
    this.#show();
  }

  async #opened() {
    clearTimeout(this.#idle);
    try {
      await this.#microphone.start();
      return true;
    } catch (error) {
      this.#wanted = false;
      this.#show();
      this.#tell(word(`mic.${error.name}`) ? `mic.${error.name}` : "mic.other");
      return false;
    }
  }

  /** The microphone was taken away: what was said until then counts. */
  #lost() {
    const free = this.#free;
    if (this.#talking) this.#commit();
    this.end();
    if (free) this.#configure();
    this.#tell("mic.ended");
  }

  #rest() {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (!this.#free && !this.#talking && !this.#wanted) this.#microphone.stop();
      this.#show();
    }, IDLE_MS);
  }

  #configure() {
    const turn_detection = this.#free ? { type: "server_vad" } : null;
    const input = { format: { type: "audio/pcm", rate: 16_000 }, turn_detection };
    this.#link.configure({ type: "realtime", audio: { input }, companion: { device: "browser" } });
  }

  #frame({ pcm, level, captureMs }) {
    const heard = this.#free || this.#talking;
    if (heard) this.#link.audio(pcm, captureMs);
    this.#meter(heard ? level : FLOOR);
    if (!this.#talking) return;
    this.#frames += 1;
    if (this.#tail > 0 && (this.#tail -= 1) === 0) this.#commit();
  }

  #meter(level) {
    this.#levels.push(Math.max(FLOOR, Math.min(0, level)));
    this.#levels.shift();
    const now = this.#levels.at(-1);
    this.#press.style.setProperty("--level", String(1 - now / FLOOR));
    const bars = this.#levels.map((each, n) => {
      const half = 0.75 + 10.5 * (1 - each / FLOOR) ** 1.6;
      return `M${n * 4 + 2} ${12 - half}V${12 + half}`;
    });
    this.#path.setAttribute("d", bars.join(""));
    by("level").setAttribute("aria-valuenow", String(Math.round(now)));
  }

  #show() {
    const on = this.#talking || this.#free;
    const name = this.#free ? "press.free"
      : this.#wanted ? "press.opening"
      : !this.#talking || this.#tail ? "press.hold"
      : this.#latched ? "press.latched" : "press.end";
    this.#press.setAttribute("aria-pressed", String(on));
    this.#press.classList.toggle("on", on);
    by("free").setAttribute("aria-checked", String(this.#free));
    document.body.dataset.microphone = on ? "on" : "off";
    say(by("press-hint"), name);
    say(this.#press, name, {}, "aria-label");
    if (!on) this.#meter(FLOOR);
  }
}
