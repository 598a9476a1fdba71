// Signing in: name and password, then the second factor.

import { el, field } from "/desk/dom.js";
import { login, secondFactor } from "./api.js";
import { lasting } from "./format.js";
import { known, t } from "./words.js";

const said = (error) =>
  known(`in.${error.code}`)
    ? t(`in.${error.code}`, { lasting: lasting(error.after ?? 30) })
    : t("in.failed", { message: error.message });

/** The page of it. done: called when the session is open; reason: a text to begin with, such as that it is over. */
export class SignIn {
  constructor(root, done, reason = null) {
    Object.assign(this, { root, done, trouble: reason, coded: false, name: "" });
  }

  draw() {
    const rest = { required: true, spellcheck: "false", autocapitalize: "off" };
    const fields = this.coded
      ? [field(t("in.code"), el("input.code", { id: "code", autocomplete: "one-time-code", maxlength: 32, ...rest }), t("in.code.hint"))]
      : [
          field(t("in.name"), el("input", { id: "name", autocomplete: "username", maxlength: 64, value: this.name, ...rest })),
          field(t("in.password"), el("input", { id: "password", type: "password", autocomplete: "current-password", maxlength: 256, ...rest })),
        ];
    const form = el(
      "form.card",
      { autocomplete: "on", onsubmit: (event) => this.#submit(event) },
      el("h1", {}, t("in.title")),
      el("p.lead", {}, t("in.lead")),
      ...fields,
      el("p.trouble", { role: "alert", id: "trouble" }, this.trouble && t(this.trouble)),
      el("button.solid", { type: "submit", id: "go" }, t(this.coded ? "in.go" : "in.next")),
      this.coded && el("button.quiet", { type: "button", onclick: () => this.#step(false) }, t("in.again")),
    );
    this.root.replaceChildren(el("div.signin", {}, form));
    form.querySelector(!this.coded && this.name ? "#password" : "input").focus();
  }

  #step(coded) {
    Object.assign(this, { coded, trouble: null });
    this.draw();
  }

  async #submit(event) {
    event.preventDefault();
    const form = event.currentTarget;
    const go = form.querySelector("#go");
    if (go.disabled) return;
    go.disabled = true;
    try {
      if (this.coded) {
        await secondFactor(form.querySelector("#code").value.trim());
        await this.done();
      } else {
        this.name = form.querySelector("#name").value.trim();
        await login(this.name, form.querySelector("#password").value);
        this.#step(true);
      }
    } catch (error) {
      if (error.code === undefined) throw error;
      form.querySelector("#trouble").textContent = said(error);
      const wrong = form.querySelector("input[type=password], .code");
      wrong.value = "";
      wrong.focus();
    } finally {
      go.disabled = false;
    }
  }
}
