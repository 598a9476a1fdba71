// Where a person can turn to: companion.safety {level, resources[], actions[]}.

import { by, make, saying } from "./dom.js";

/** Show the resources; without any, what is shown stays: who needed it a moment ago may still be reading. */
export function showSafety({ resources = [] }) {
  if (!resources.length) return;
  by("safety").replaceChildren(
    make("div", { class: "safety" }, saying("h2", "safety.title"), make("ul", {}, ...resources.map(resource))),
  );
}

function resource(each) {
  if (typeof each === "string") return make("li", {}, each);
  const { name = "", phone, url, hours } = each;
  const item = make("li", {}, make("b", {}, name));
  if (phone) item.append(" ", make("a", { href: `tel:${phone.replaceAll(/[^+\d]/g, "")}` }, phone));
  if (url?.startsWith("https://")) item.append(" ", make("a", { href: url, rel: "noreferrer", target: "_blank" }, url));
  if (hours) item.append(make("small", {}, hours));
  return item;
}
