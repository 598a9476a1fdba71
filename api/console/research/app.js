// The researchers' page: who is signed in, which view is shown, the language.

import { by } from "/desk/dom.js";
import { listExports, logout, whenSignedOut, whoAmI } from "./api.js";
import { Ask } from "./ask.js";
import { ExportPage } from "./export.js";
import { Exports } from "./exports.js";
import { OverviewPage } from "./overview.js";
import { SignIn } from "./signin.js";
import { approves, here, researches, waitsForMe } from "./telling.js";
import { LANGUAGES, language, other, speak, t } from "./words.js";

const LANGUAGE = "research.language";
const VIEWS = { overview: OverviewPage, exports: Exports, ask: Ask, export: ExportPage };
const OF_RESEARCHERS = ["overview", "ask"];

const main = by("main");
let view = null;
let shown = "";
let waiting = 0;

/** "#/export/abc" -> ["export", "abc"]; what is none of ours, or not for this role: where one begins. */
function place() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  const there = Object.hasOwn(VIEWS, name) && (researches() || !OF_RESEARCHERS.includes(name));
  return there ? [name, decodeURIComponent(rest.join("/"))] : [researches() ? "overview" : "exports", ""];
}

function show() {
  view?.close?.();
  shown = location.hash;
  const [name, id] = place();
  document.body.dataset.view = name;
  for (const each of ["overview", "exports", "ask"]) {
    if (each === name || (each === "exports" && name === "export")) by(`to-${each}`).setAttribute("aria-current", "page");
    else by(`to-${each}`).removeAttribute("aria-current");
  }
  main.scrollTop = 0;
  view = new VIEWS[name](main, id);
  view.draw();
  titled();
  count();
}

/** How many exports wait for whoever is signed in: by the tab's name too. */
async function count(found = null) {
  if (!approves()) return;
  const all = found ?? (await listExports().catch(() => null));
  if (!all || !here.me) return;
  waiting = all.filter(waitsForMe).length;
  by("count").hidden = waiting === 0;
  by("count").textContent = String(waiting);
  titled();
}

function titled() {
  document.title = waiting && here.me ? `(${waiting}) ${t("title")}` : t("title");
}

async function entered(me) {
  if (!me.roles.some((role) => role === "researcher" || role === "supervisor" || role === "admin")) {
    await logout();
    signIn("in.role");
    return;
  }
  here.me = me;
  by("me").textContent = me.name;
  for (const each of OF_RESEARCHERS) by(`to-${each}`).hidden = !researches();
  show();
}

function signIn(reason = null) {
  view?.close?.();
  Object.assign(here, { me: null });
  Ask.forget();
  waiting = 0;
  by("count").hidden = true;
  document.body.dataset.view = "signin";
  titled();
  view = new SignIn(main, async () => await entered(await whoAmI()), reason);
  view.draw();
}

window.addEventListener("hashchange", () => {
  if (!here.me) return;
  if (location.hash === "#main") {
    history.replaceState(null, "", shown || "#/exports");
    main.focus();
  } else if (location.hash !== shown) {
    show();
    main.focus({ preventScroll: true });
  }
});
document.addEventListener("exports", (event) => count(event.detail));
by("language").addEventListener("click", () => {
  localStorage.setItem(LANGUAGE, other());
  speak(other());
  titled();
  view?.draw();
});
by("leave").addEventListener("click", async () => {
  await logout();
  signIn();
});
whenSignedOut(() => {
  if (here.me) signIn("in.over");
});

speak(localStorage.getItem(LANGUAGE) ?? LANGUAGES.find((each) => navigator.language.startsWith(each)) ?? language());
whoAmI().then(entered, () => signIn());
