// Calls to this service. The token stays in this tab (sessionStorage) and is sent as a header only.

import { language, w } from "/page/words.js";

const KEY = "token";

export const token = () => sessionStorage.getItem(KEY);
export const forgetToken = () => sessionStorage.removeItem(KEY);

/** Keep the token that stands in a text (itself, or in a link); whether there was one. */
export function keepToken(text) {
  const found = /(?:^|[#&]token=)([\w-]+\.[\w-]+\.[\w-]+)/.exec(text.trim());
  if (!found) return false;
  sessionStorage.setItem(KEY, found[1]);
  return true;
}

/** A problem: `status` 0 where nothing answered; the message is the service's own sentence. */
class Problem extends Error {
  constructor(status, message, allowed = []) {
    super(message);
    this.allowed = allowed;
    this.status = status;
  }
}

let onUnauthorized = () => {};
export function whenUnauthorized(act) {
  onUnauthorized = act;
}

export const headers = (more = {}) => ({
  Authorization: `Bearer ${token()}`,
  "Accept-Language": language() === "en" ? "en" : "zh-CN",
  ...more,
});

/** The answer of `/v1/<path>`. Throws `Problem`. A POST where `body` is given (null: an empty one). */
export async function call(path, body, more = {}) {
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const kind = body === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(`/v1/${path}`, { ...sent, headers: headers({ ...kind, ...more }), cache: "no-store" });
    if (answer.ok) return await answer.json();
  } catch {
    throw new Problem(0, w("error.unreachable"));
  }
  throw await problemOf(answer);
}

export async function problemOf(answer) {
  const problem = await answer.json().catch(() => ({}));
  const detail = problem.detail ?? w("error.answer", { status: answer.status });
  const fields = (problem.errors ?? []).filter((one) => !detail.includes(one.detail));
  const message = [detail, ...fields.map((one) => `${one.field}: ${one.detail}`)].join("\n");
  if (answer.status === 401) onUnauthorized(message);
  return new Problem(answer.status, message, problem.allowed);
}

/** A key for something that must be done once however often it is sent (`randomUUID` needs https). */
export const newKey = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");
