// The bar under a talk that goes on: take over, say, whisper, give back.

import { whoAmI } from "./api.js";
import { levels } from "./case_acts.js";
import { told } from "./desk.js";
import { asking, button, el, field } from "./dom.js";
import { lamp } from "./marks.js";
import { known, t } from "./words.js";

const AWAKE_MS = 300_000; // a session of staff ends after 30 minutes without a request; a talk over a socket is none

let asked = Date.now();

function stillHere() {
  if (Date.now() - asked < AWAKE_MS) return;
  asked = Date.now();
  whoAmI().catch(() => {}); // that it is over is told by itself
}

export class Floor {
  #shown = "";
  #kinds = [];

  constructor() {
    this.node = el("section.floor", { "aria-label": t("live.on"), hidden: true });
    this.live = null;
  }

  /** Stand under this talk; null: it is over, or not to be watched. */
  use(live) {
    this.live = live;
    this.#shown = "";
    this.draw();
  }

  kinds(kinds) {
    this.#kinds = kinds;
  }

  draw() {
    const { live } = this;
    const state = live?.state ?? null;
    this.node.hidden = !live || (!state && !live.refused);
    if (this.node.hidden) return;
    const mode = !state ? "closed" : !state.online ? "away" : live.mine ? "mine" : state.floor;
    if (mode === this.#shown) return this.#standing(state, mode);
    this.#shown = mode;
    const head = el("div.stands", {}, el("p", { role: "status", id: "floor" }), el("span.space", {}));
    this.node.dataset.floor = mode;
    this.node.replaceChildren(head);
    this.#standing(state, mode);
    if (mode === "model") {
      head.append(button(t("act.take"), () => this.take(), { what: "button.solid.small", id: "take" }));
      this.node.append(this.#line("whisper"));
    } else if (mode === "mine") {
      head.append(button(t("act.back"), () => this.back(), { what: "button.plain", id: "back" }));
      this.node.append(this.#line("say"));
      this.node.querySelector("textarea").focus();
    }
  }

  #standing(state, mode) {
    const text = {
      closed: () => t("live.closed", { why: known(`wrong.${this.live.refused}`) ? t(`wrong.${this.live.refused}`) : String(this.live.refused) }),
      away: () => t("live.off"),
      mine: () => t("live.mine"),
      model: () => `${t("live.on")} · ${t("live.model")}`,
      human: () => `${t("live.on")} · ${t("live.human", { name: state.by?.name ?? "—" })}`,
    }[mode]();
    this.node.querySelector("#floor").replaceChildren(lamp(mode !== "away" && mode !== "closed", text));
  }

  #line(kind) {
    const most = kind === "say" ? 2000 : 500;
    const text = el("textarea", { id: kind, rows: 1, maxlength: most, "aria-label": t(`live.${kind}`), placeholder: t(`live.${kind}`) });
    const send = (event) => {
      event?.preventDefault();
      const said = text.value.trim();
      if (!said || !this.live?.send(kind, { text: said })) return;
      text.value = "";
      stillHere();
      if (kind === "whisper") told(t("live.whispered"));
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
    });
    return el("form.line", { onsubmit: send }, text, el("button.solid.small", { type: "submit" }, t(`live.${kind}.go`)));
  }

  async take() {
    if (!this.live?.state?.online || this.live.mine) return;
    const given = await asking(t("take.title"), [el("p", {}, t("take.what"))], { go: t("take.go"), no: t("cancel") });
    if (given) this.live.send("take_over");
  }

  async back() {
    const given = await asking(t("back.title"), [field(t("resolve.level"), levels(Math.min(this.live.state?.level ?? 1, 1), this.#kinds))], {
      go: t("act.back"),
      no: t("cancel"),
    });
    if (given) this.live.send("give_back", { level: Number(given.get("level")) });
  }
}
