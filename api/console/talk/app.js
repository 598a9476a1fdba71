// The talk page: the token, the link, and where each event of the server is shown.

import { Conversation } from "./conversation.js";
import { Curves } from "./curves.js";
import { by, make, saying } from "./dom.js";
import { Link, newId } from "./link.js";
import { showSafety } from "./safety.js";
import { Speech } from "./speech.js";
import { LANGUAGES, hush, say, speak, spoken, word } from "./words.js";

const TOKEN = "companion.token"; // in sessionStorage: this tab only
const LANGUAGE = "companion.language";
const NOTICE_MS = 12_000;
const FRAMING = "header";

let link = null;
const curves = new Curves();
const conversation = new Conversation(rate);
const speech = new Speech({ stop: stopReply, tell: notice });
const ratings = new Map(); // event id -> response id: opinions that the server may still refuse

function rate(response_id, rating) {
  const event = { type: "companion.feedback", response_id, rating };
  ratings.set(link.send(event, ({ type }) => type === "companion.pong"), response_id); // nothing else answers it
  conversation.rated(response_id, rating);
}

function stopReply() {
  if (conversation.answering) link.send({ type: "response.cancel" });
}

function write(text) {
  const item = { id: newId("item"), type: "message", role: "user", content: [{ type: "input_text", text }] };
  conversation.heard(item.id, { text });
  link.send({ type: "conversation.item.create", item }, (e) => e.type === "conversation.item.added" && e.item.id === item.id);
  link.send({ type: "response.create" }, ({ type }) => type === "response.created");
}

const transcription = "conversation.item.input_audio_transcription";
const EVENTS = {
  "companion.session": ({ ai_disclosure }) => (by("disclosed").textContent = ai_disclosure),
  "input_audio_buffer.speech_started": ({ item_id }) => conversation.heard(item_id),
  "input_audio_buffer.speech_stopped": ({ item_id }) => conversation.heard(item_id, { waiting: "talk.reading" }),
  "input_audio_buffer.committed": ({ item_id }) => conversation.heard(item_id, { waiting: "talk.reading" }),
  "conversation.item.added": ({ item }) => {
    const text = item.role === "user" && item.content.map((part) => part.text ?? "").join("\n");
    if (text) conversation.heard(item.id, { text });
  },
  [`${transcription}.delta`]: ({ item_id, delta }) => conversation.delta(item_id, delta),
  [`${transcription}.completed`]: ({ item_id, transcript }) => conversation.transcribed(item_id, transcript),
  [`${transcription}.failed`]: ({ item_id }) => conversation.failed(item_id),
  "companion.affect": (event) => conversation.felt(curves.add(event)),
  "companion.trajectory": ({ state }) => {
    say(by("trajectory"), "trajectory", { state: `trajectory.${state}` });
    by("trajectory").hidden = false;
  },
  "companion.memory": (event) => conversation.remembered(event),
  "response.created": ({ response }) => {
    conversation.begins(response.id);
    showStop();
  },
  "response.output_text.delta": ({ response_id, delta }) => conversation.grows(response_id, delta),
  "response.done": ({ response }) => {
    const whole = response.output.flatMap((item) => item.content ?? []).map((part) => part.text ?? "").join("");
    conversation.ends(response.id, response.status, whole);
    showStop();
  },
  "companion.safety": (event) => showSafety(event),
  "companion.notice": ({ kind, message }) => {
    const known = word(`notice.${kind}`);
    notice(known ? `notice.${kind}` : "notice.other", { message: message ?? kind });
  },
  error: ({ error }) => {
    const responseId = ratings.get(error.event_id);
    if (responseId) conversation.rated(responseId, null);
    notice("error", { message: error.message });
  },
};

function showStop() {
  by("stop").disabled = !conversation.answering;
}

function notice(name, values = {}) {
  const close = saying("button", "close", {}, { type: "button", class: "quiet" });
  const node = make("p", { class: name === "error" ? "notice bad" : "notice" }, saying("span", name, values), close);
  close.addEventListener("click", () => node.remove());
  by("notices").replaceChildren(node); // one at a time: it must not push the talk away
  if (name !== "error") setTimeout(() => node.remove(), NOTICE_MS);
}

function state(name, values = {}) {
  document.body.dataset.state = name;
  say(by("state"), `state.${name}`, { seconds: String(values.seconds ?? "") });
  if (name === "refused") refused(values.message);
  if (name === "superseded") notice("state.superseded.why");
}

function refused(message) {
  sessionStorage.removeItem(TOKEN);
  speech.end();
  view("welcome");
  say(by("trouble"), "state.refused.why", { message });
}

function enter(token) {
  hush(by("trouble"));
  const { protocol, host } = location;
  const url = `${protocol.replace("http", "ws")}//${host}/v1/realtime`;
  link = new Link({ url, token, framing: FRAMING, hears: (event) => EVENTS[event.type]?.(event), state });
  speech.use(link);
  try {
    link.connect();
  } catch {
    say(by("trouble"), "welcome.bad"); // a token with letters that no token has
    return;
  }
  sessionStorage.setItem(TOKEN, token);
  view("talk");
}

function leave() {
  sessionStorage.removeItem(TOKEN);
  speech.end();
  link.close();
  location.reload(); // nothing of the talk stays on the page
}

function view(name) {
  document.body.dataset.view = name;
  by("welcome").hidden = name !== "welcome";
  by("talk").hidden = by("leave").hidden = name !== "talk";
  (name === "welcome" ? by("token") : by("press")).focus();
}

function other() {
  return LANGUAGES.find((language) => language !== spoken());
}

function begin() {
  for (const node of document.querySelectorAll("[data-say]")) say(node, node.dataset.say);
  for (const node of document.querySelectorAll("[data-say-label]")) say(node, node.dataset.sayLabel, {}, "aria-label");
  say(by("text"), "write", {}, "placeholder");
  by("explained").open = matchMedia("(min-width: 62.001rem)").matches; // where there is room for it
  speak(localStorage.getItem(LANGUAGE) ?? (navigator.language.startsWith("zh") ? "zh" : "en"));

  by("language").addEventListener("click", () => {
    localStorage.setItem(LANGUAGE, other());
    speak(other());
  });
  by("leave").addEventListener("click", leave);
  by("stop").addEventListener("click", stopReply);
  by("enter").addEventListener("submit", (event) => {
    event.preventDefault();
    enter(by("token").value.trim());
    by("token").value = "";
  });
  by("write").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = by("text").value.trim();
    if (text) write(text);
    by("text").value = "";
    grow();
  });
  by("text").addEventListener("input", grow);
  by("text").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return; // an input method ends a word with it
    event.preventDefault();
    by("write").requestSubmit();
  });
  document.addEventListener("keydown", ({ key, isComposing }) => key === "Escape" && !isComposing && stopReply());
  window.addEventListener("online", () => link?.hurry());

  const kept = sessionStorage.getItem(TOKEN);
  if (kept) enter(kept);
  else view("welcome");
}

/** The field is as high as what is written, up to the limit that the style sheet sets. */
function grow() {
  const field = by("text");
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

begin();
