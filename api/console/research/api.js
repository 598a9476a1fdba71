// What this page asks of the server. The cookie comes by itself; a change carries the token of this session of staff.

/** A refusal: code as in docs/staff.md and docs/exports.md; after: s to wait, where the server says so. */
export class Refused extends Error {
  constructor(status, code, message, after = null) {
    super(message);
    Object.assign(this, { status, code, after });
  }
}

let csrf = null;
let signedOut = () => {};

/** Called whenever the server says that this session is over. */
export const whenSignedOut = (told) => (signedOut = told);

async function send(path, method, body) {
  const headers = { Accept: "application/json" };
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Refused(0, "unreachable", "the server cannot be reached");
  }
}

async function refusal(answer) {
  const after = Number(answer.headers.get("Retry-After")) || null;
  const { error } = await answer.json().catch(() => ({}));
  return new Refused(answer.status, error?.code ?? `http_${answer.status}`, error?.message ?? answer.statusText, after);
}

async function answered(path, method, body) {
  let answer = await send(path, method, body);
  if (answer.status === 403 && method !== "GET") {
    const refused = await refusal(answer);
    if (refused.code !== "csrf") throw refused;
    csrf = (await ask("/v1/staff/csrf", "GET")).csrf; // signed in once more in another tab
    answer = await send(path, method, body);
  }
  if (answer.ok) return answer;
  const refused = await refusal(answer);
  if (refused.status === 401 && !path.startsWith("/v1/staff/login") && !path.startsWith("/v1/staff/totp")) signedOut();
  throw refused;
}

const ask = async (path, method, body) => (await answered(path, method, body)).json();

const EXPORTS = "/v1/research/exports";
const of = (id, rest = "") => `${EXPORTS}/${encodeURIComponent(id)}${rest}`;

export const readOverview = () => ask("/v1/research/overview", "GET");
export const listExports = async () => (await ask(EXPORTS, "GET")).items;
export const readExport = (id) => ask(of(id), "GET");
export const askForExport = (wanted) => ask(EXPORTS, "POST", wanted);
export const approve = (id, crisis) => ask(of(id, "/approval"), "POST", { crisis_text: crisis });
export const decline = (id) => ask(of(id, "/refusal"), "POST", {});
export const cancel = (id) => ask(of(id, "/cancellation"), "POST", {});
export const readFlags = (id, after) => ask(of(id, `/flags?after=${after}&limit=50`), "GET");
export const decide = (id, flags, rest) => ask(of(id, "/flags"), "POST", { flags, rest });
export const fileAddress = (id, name) => of(id, `/files/${encodeURIComponent(name)}`);
export const readFile = async (id, name) => (await answered(fileAddress(id, name), "GET")).text();

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
