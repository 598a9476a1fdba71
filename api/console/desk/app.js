// The desk: who is signed in, which page is shown, the keyboard, the language.

import { logout, whenSignedOut, whoAmI } from "./api.js";
import { cases, late } from "./cases.js";
import { announce, desk } from "./desk.js";
import { by } from "./dom.js";
import { help, keyOf } from "./keys.js";
import { People, PersonPage } from "./people.js";
import { Queue } from "./queue.js";
import { SessionPage } from "./session.js";
import { Sessions } from "./sessions.js";
import { SignIn } from "./signin.js";
import { LANGUAGES, language, other, speak, t, term, terms } from "./words.js";

const LANGUAGE = "desk.language";
const PAGES = { queue: Queue, sessions: Sessions, session: SessionPage, people: People, person: PersonPage };
const UNDER = { session: "sessions", person: "people" };

let page = null;
let shown = "";
let turning = false;

const main = by("main");

/** "#/session/abc?x=1" -> ["session", "abc", URLSearchParams]; what is none of ours: the queue. */
function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  return [Object.hasOwn(PAGES, name) ? name : "queue", decodeURIComponent(rest.join("/")), new URLSearchParams(query)];
}

async function turn() {
  if (!desk.me || turning || location.hash === shown) return;
  if (location.hash === "#main") {
    history.replaceState(null, "", shown || "#/queue");
    main.focus();
    return;
  }
  const next = location.hash;
  if (page?.mayLeave && !page.mayLeave()) {
    history.replaceState(null, "", shown);
    turning = true;
    const leaving = await page.askToLeave();
    turning = false;
    if (!leaving) return;
    history.replaceState(null, "", next);
  }
  show();
}

function show() {
  page?.close?.();
  const [name, id, query] = place();
  shown = location.hash;
  document.body.dataset.view = name;
  for (const each of ["queue", "sessions", "people"]) {
    if ((UNDER[name] ?? name) === each) by(`to-${each}`).setAttribute("aria-current", "page");
    else by(`to-${each}`).removeAttribute("aria-current");
  }
  main.scrollTop = 0;
  page = new PAGES[name](main, id, query);
  page.draw();
  counted();
  if (!main.contains(document.activeElement)) main.focus({ preventScroll: true });
}

function counted() {
  const waiting = cases.open.filter((each) => each.state === "waiting");
  const urgent = waiting.filter(late).length;
  by("count").hidden = waiting.length === 0;
  by("count").textContent = String(waiting.length);
  by("count").classList.toggle("late", urgent > 0);
  document.title = waiting.length && desk.me ? `(${waiting.length}) ${t("title")}` : t("title");
}

function wire(state) {
  document.body.dataset.wire = state;
  by("wire-text").textContent = t(`wire.${state}`);
}

async function entered(me) {
  desk.me = me;
  if (!me.roles.some((role) => role === "counsellor" || role === "supervisor")) {
    desk.me = null;
    await logout();
    signIn("in.role");
    return;
  }
  by("me").textContent = me.name;
  cases.follow();
  if (!location.hash || location.hash === "#main") history.replaceState(null, "", "#/queue");
  show();
}

function signIn(reason = null) {
  page?.close?.();
  cases.close();
  desk.me = null;
  document.body.dataset.view = "signin";
  document.title = t("title");
  page = new SignIn(main, async () => await entered(await whoAmI()), reason);
}

function speaks(next) {
  speak(next);
  wire(document.body.dataset.wire ?? "opening");
  counted();
  page?.draw();
}

document.addEventListener("keydown", (event) => {
  const key = keyOf(event);
  if (!key || !desk.me) return;
  if (key === "?") help();
  else if (key === "1" || key === "2" || key === "3") location.hash = ["#/queue", "#/sessions", "#/people"][Number(key) - 1];
  else if (!page?.key?.(key, event)) return;
  event.preventDefault();
});

window.addEventListener("hashchange", turn);
window.addEventListener("beforeunload", (event) => {
  if (page?.mayLeave && !page.mayLeave()) event.preventDefault();
});
cases.addEventListener("change", counted);
cases.addEventListener("wire", ({ detail }) => wire(detail));
cases.addEventListener("arrived", ({ detail }) =>
  announce(t("queue.arrived", { level: detail.level, kinds: terms("kind", detail.kinds) || term("level", String(detail.level)) }), true),
);
by("language").addEventListener("click", () => {
  localStorage.setItem(LANGUAGE, other());
  speaks(other());
});
by("keys").addEventListener("click", help);
by("leave").addEventListener("click", async () => {
  if (page?.mayLeave && !page.mayLeave() && !(await page.askToLeave())) return;
  await logout();
  signIn();
});
whenSignedOut(() => {
  if (desk.me) signIn("in.over");
});

speak(localStorage.getItem(LANGUAGE) ?? LANGUAGES.find((each) => navigator.language.startsWith(each)) ?? language());
wire("opening");
whoAmI().then(entered, () => signIn());
