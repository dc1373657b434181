// What the page asks of the office: docs/spec/folder.md. Failures are thrown as {code, message}.
import { carrier } from "./carrier.js";

// For an answer that is not the office's own: the gateway says 403, 404 or 421 when this device may no longer ask.
export const codeOf = (status) => ({ 403: "not_allowed", 404: "not_found", 421: "not_allowed" })[status] ?? "network";

async function ask(url, options) {
  let answer;
  try {
    answer = await carrier.fetch(url, { cache: "no-store", redirect: "error", ...options });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw { code: "network", message: String(failure) };
  }
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => ({}));
  throw body.error ?? { code: codeOf(answer.status), message: answer.statusText };
}

export const list = async (path, signal) => (await ask(`${path}?json`, { signal })).json();
export const makeFolder = (path) => ask(path, { method: "MKCOL" });
export const move = (from, to) => ask(from, { method: "MOVE", headers: { Destination: to, Overwrite: "F" } });
export const remove = (path) => ask(`${path}?contents=keep`, { method: "DELETE" });
export const removeWithContents = (path) => ask(path, { method: "DELETE" });
export const beginning = (path, bytes) => ask(path, { headers: { Range: `bytes=0-${bytes - 1}` } });

export const encodeName = (name) => encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
