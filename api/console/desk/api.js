// What the desk asks of the server. The cookie comes by itself; a change carries the token of this session of staff.

/** A refusal: code as in docs/staff.md and docs/review.md; after: s to wait, where the server says so. */
export class Refused extends Error {
  constructor(status, code, message, after = null) {
    super(message);
    Object.assign(this, { status, code, after });
  }
}

let csrf = null;
let ahead = 0; // s by which the server's clock is ahead of ours
let signedOut = () => {};

/** Unix s by the server's clock: waiting times are reckoned by it. */
export const now = () => Date.now() / 1000 + ahead;

function sets(answer) {
  const behind = Date.parse(answer.headers.get("Date") ?? "") / 1000 - Date.now() / 1000;
  if (Number.isFinite(behind)) ahead = Math.abs(behind) > 2 ? behind : 0; // the header counts whole seconds
}

/** Called whenever the server says that this session is over. */
export const whenSignedOut = (told) => (signedOut = told);

async function send(path, method, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
    sets(answer);
    return answer;
  } catch {
    throw new Refused(0, "unreachable", "the server cannot be reached");
  }
}

async function refusal(answer) {
  const after = Number(answer.headers.get("Retry-After")) || null;
  const { error } = await answer.json().catch(() => ({}));
  return new Refused(answer.status, error?.code ?? `http_${answer.status}`, error?.message ?? answer.statusText, after);
}

async function ask(path, method, body) {
  let answer = await send(path, method, body);
  if (answer.status === 403 && method !== "GET") {
    const refused = await refusal(answer);
    if (refused.code !== "csrf") throw refused;
    csrf = (await ask("/v1/staff/csrf", "GET")).csrf; // signed in once more in another tab
    answer = await send(path, method, body);
  }
  if (answer.ok) return await answer.json();
  const refused = await refusal(answer);
  if (refused.status === 401 && !path.startsWith("/v1/staff/login") && !path.startsWith("/v1/staff/totp")) signedOut();
  throw refused;
}

const address = (path, query = {}) => {
  const params = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  return `/v1/review${path}${params.size ? `?${params}` : ""}`;
};

export const read = (path, query) => ask(address(path, query), "GET");
export const act = (path, body = {}) => ask(address(path), "POST", body);
export const audioAddress = (turn) => address(`/turns/${encodeURIComponent(turn)}/audio`);
export const breakGlass = (body) => ask("/v1/staff/break-glass", "POST", body);

/** All pages of a list, up to most items. */
export async function readAll(path, query, most = 2000) {
  const found = [];
  let cursor = "";
  do {
    const page = await read(path, { ...query, limit: 200, cursor });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor && found.length < most);
  return found;
}

export async function login(name, password) {
  csrf = (await ask("/v1/staff/login", "POST", { name, password })).csrf;
}

export async function secondFactor(code) {
  csrf = (await ask("/v1/staff/totp", "POST", { code })).csrf;
}

/** Who is signed in; Refused (401) when nobody is. */
export async function whoAmI() {
  const me = await ask("/v1/staff/me", "GET");
  csrf = (await ask("/v1/staff/csrf", "GET")).csrf;
  return me;
}

export async function logout() {
  await ask("/v1/staff/logout", "POST", {}).catch(() => {});
  csrf = null;
}
