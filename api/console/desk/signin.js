// Signing in: name and password, then the second factor.

import { login, secondFactor } from "./api.js";
import { el, field } from "./dom.js";
import { lasting } from "./format.js";
import { known, t } from "./words.js";

const said = (error) =>
  known(`in.${error.code}`)
    ? t(`in.${error.code}`, { lasting: lasting(error.after ?? 30) })
    : t("in.failed", { message: error.message });

/** The page of it. done: called when the session is open; reason: a text to begin with, such as that it is over. */
export class SignIn {
  constructor(root, done, reason = null) {
    Object.assign(this, { root, done, trouble: reason, step: "name", name: "" });
    this.draw();
  }

  draw() {
    const first = this.step === "name";
    const input = first ? this.#named() : this.#coded();
    const trouble = el("p.trouble", { role: "alert", id: "trouble" }, this.trouble && t(this.trouble));
    const form = el(
      "form.card",
      { autocomplete: "on", onsubmit: (event) => this.#submit(event) },
      el("h1", {}, t("in.title")),
      el("p.lead", {}, t("in.lead")),
      ...input,
      trouble,
      el("button.solid", { type: "submit", id: "go" }, t(first ? "in.next" : "in.go")),
      first ? null : el("button.quiet", { type: "button", onclick: () => this.#back() }, t("in.again")),
    );
    this.root.replaceChildren(el("div.signin", {}, form));
    form.querySelector(first && this.name ? "#password" : "input").focus();
  }

  #named() {
    const rest = { required: true, spellcheck: "false", autocapitalize: "off" };
    return [
      field(t("in.name"), el("input", { id: "name", autocomplete: "username", maxlength: 64, value: this.name, ...rest })),
      field(t("in.password"), el("input", { id: "password", type: "password", autocomplete: "current-password", maxlength: 256, ...rest })),
    ];
  }

  #coded() {
    const code = el("input.code", { id: "code", autocomplete: "one-time-code", maxlength: 32, required: true, spellcheck: "false" });
    return [field(t("in.code"), code, t("in.code.hint"))];
  }

  #back() {
    Object.assign(this, { step: "name", trouble: null });
    this.draw();
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const go = form.querySelector("#go");
    if (go.disabled) return;
    go.disabled = true;
    try {
      if (this.step === "name") {
        this.name = form.querySelector("#name").value.trim();
        await login(this.name, form.querySelector("#password").value);
        Object.assign(this, { step: "code", trouble: null });
        this.draw();
      } else {
        await secondFactor(form.querySelector("#code").value.trim());
        await this.done();
      }
    } catch (error) {
      form.querySelector("#trouble").textContent = error.code ? said(error) : String(error.message);
      const wrong = form.querySelector("input[type=password], .code");
      wrong.value = "";
      wrong.focus();
    } finally {
      go.disabled = false;
    }
  }
}
