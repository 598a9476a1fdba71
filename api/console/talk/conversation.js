// The talk as it is seen: what the person said, what was felt in it, what was answered and remembered.

import { by, make, saying, shape } from "./dom.js";
import { phrases } from "./affect.js";
import { hush, say, word } from "./words.js";

const NEAR_END = 80; // px: who has scrolled further up is reading, and is left there

/** rate(responseId, "like" | "dislike" | null): the person's opinion. */
export class Conversation {
  #log = by("log");
  #stage = by("stage");
  #said = new Map(); // item id -> {node, text}
  #replies = new Map(); // response id -> {node, text, buttons, rating}
  #chips = new Map(); // memory id -> its chips
  #newest = null; // reply
  #following = true;

  constructor(rate) {
    this.rate = rate;
    let before = 0;
    this.#stage.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.#stage;
      if (scrollHeight - scrollTop - clientHeight < NEAR_END) this.#following = true;
      else if (scrollTop < before) this.#following = false;
      before = scrollTop;
    });
    const grown = new ResizeObserver(() => {
      if (this.#following) this.#stage.scrollTop = this.#stage.scrollHeight;
    });
    [this.#stage, ...this.#stage.children].forEach((node) => grown.observe(node));
  }

  /** The newest reply, if it is still being made: its response id. */
  get answering() {
    return this.#newest?.node.classList.contains("growing") ? this.#newest.id : null;
  }

  /** What the person says or said. text null: it is not known yet; waiting: what is shown meanwhile. */
  heard(id, { text = null, waiting = "talk.hearing" } = {}) {
    let entry = this.#said.get(id);
    if (!entry) {
      const bubble = make("p", { class: "bubble" });
      const node = make("li", { class: "said" }, saying("span", "talk.you", {}, { class: "unseen" }), bubble);
      entry = { node, bubble, text: "" };
      this.#said.set(id, entry);
      this.#following = true;
      this.#append(node);
    }
    if (text !== null) {
      this.#settle(entry, text);
    } else if (!entry.text) {
      entry.node.classList.add("waiting");
      say(entry.bubble, waiting);
    }
  }

  /** More of an utterance that is still being recognised. */
  delta(id, piece) {
    this.heard(id);
    const entry = this.#said.get(id);
    this.#settle(entry, entry.text + piece);
    entry.node.classList.add("waiting");
  }

  /** The words of an utterance are known; "" when there were none. */
  transcribed(id, text) {
    this.heard(id, { text });
    if (text) this.#tell("talk.you", text);
    else this.failed(id, "talk.nothing");
  }

  failed(id, reason = "talk.failed") {
    this.heard(id);
    const { node, bubble } = this.#said.get(id);
    node.classList.remove("waiting");
    node.classList.add("lost");
    say(bubble, reason);
    this.#tell("talk.you", word(reason));
  }

  /** How an utterance seemed. point: of affect.js. */
  felt(point) {
    const entry = this.#said.get(point.id);
    if (!entry) return;
    entry.felt?.remove();
    entry.felt = feeling(point);
    entry.node.append(entry.felt);
  }

  /** A reply begins. */
  begins(id) {
    if (this.#replies.has(id)) return;
    const text = make("p", { class: "text" }, saying("span", "talk.thinking", {}, { class: "dots" }));
    const node = make("li", { class: "reply growing" }, saying("span", "talk.companion", {}, { class: "unseen" }), text);
    this.#newest = { id, node, text, said: "" };
    this.#replies.set(id, this.#newest);
    this.#append(node);
  }

  grows(id, piece) {
    this.begins(id);
    const reply = this.#replies.get(id);
    reply.said += piece;
    reply.text.textContent = reply.said;
  }

  /** A reply is over. status: completed, cancelled, failed or incomplete. */
  ends(id, status, whole) {
    this.begins(id);
    const reply = this.#replies.get(id);
    reply.node.classList.remove("growing");
    reply.said = whole ?? reply.said;
    reply.text.textContent = reply.said;
    if (status !== "completed") {
      reply.text.append(saying("em", status === "cancelled" ? "talk.stopped" : "talk.broken"));
    }
    if (!reply.said && status === "cancelled") reply.node.remove();
    if (!reply.said) return;
    this.#opinion(reply);
    this.#tell("talk.companion", reply.said);
  }

  /** Which opinion is kept of a reply. */
  rated(id, rating) {
    const reply = this.#replies.get(id);
    if (!reply?.buttons) return;
    reply.rating = rating;
    for (const [name, button] of Object.entries(reply.buttons)) button.setAttribute("aria-pressed", name === rating);
  }

  /** Memories beside a reply; one that came later stands beside the newest. */
  remembered({ response_id, used = [], saved = [], forgotten = [] }) {
    for (const id of forgotten) this.#chips.get(id)?.forEach((chip) => chip.remove());
    if (response_id && used.length) this.begins(response_id);
    const reply = this.#replies.get(response_id) ?? this.#newest;
    if (!reply) return;
    for (const [name, memories] of [["memory.used", used], ["memory.saved", saved]]) {
      if (memories.length) this.#list(reply, name).append(...memories.map((memory) => this.#chip(memory)));
    }
  }

  #list(reply, name) {
    reply.memories ??= {};
    if (!reply.memories[name]) {
      reply.memories[name] = make("ul", { class: `memories ${name.split(".")[1]}` });
      say(reply.memories[name], name, {}, "aria-label");
      reply.memories[name].append(saying("li", name, {}, { class: "of", "aria-hidden": "true" }));
      reply.node.append(reply.memories[name]);
    }
    return reply.memories[name];
  }

  #chip({ id, kind, text, current }) {
    const chip = make("li", { class: current ? "chip" : "chip past" }, saying("b", `kind.${kind}`), ` ${text}`);
    if (!current) chip.append(saying("em", "memory.past"));
    this.#chips.set(id, [...(this.#chips.get(id) ?? []), chip]);
    return chip;
  }

  #opinion(reply) {
    if (reply.buttons) return;
    reply.buttons = {};
    for (const name of ["like", "dislike"]) {
      const button = make("button", { type: "button", class: `opinion ${name}`, "aria-pressed": "false" }, shape(name));
      say(button, `reply.${name}`, {}, "aria-label");
      say(button, `reply.${name}`, {}, "title");
      button.addEventListener("click", () => this.rate(reply.id, reply.rating === name ? null : name));
      reply.buttons[name] = button;
    }
    reply.text.after(make("div", { class: "opinions" }, ...Object.values(reply.buttons)));
  }

  #settle(entry, text) {
    hush(entry.bubble);
    entry.text = entry.bubble.textContent = text;
    entry.node.classList.remove("waiting");
  }

  #append(node) {
    by("empty").hidden = true;
    this.#log.append(node);
  }

  #tell(who, text) {
    by("told").textContent = `${word(who)}: ${text}`; // whole sentences for screen readers, not every piece
  }
}

function feeling(point) {
  const { words, voice, unsureWords, unsureVoice } = phrases(point);
  const node = make("div", { class: "felt" });
  for (const [channel, name, unsure] of [["words", words, unsureWords], ["voice", voice, unsureVoice]]) {
    const line = make("span", { class: channel }, make("i", { "aria-hidden": "true" }));
    line.append(saying("span", `affect.${channel}`, {}, { class: "unseen" }), saying("span", name));
    if (unsure) line.append(saying("small", "affect.unsure"));
    node.append(line);
  }
  if (point.kind) {
    const name = word(`apart.${point.kind}`) ? `apart.${point.kind}` : "apart.other";
    node.append(make("span", { class: "apart" }, make("i", { "aria-hidden": "true" }, "◆"), saying("span", name)));
  }
  return node;
}
