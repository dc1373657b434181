// Requests of this page, and of its service worker, to an office's services: addresses are /f/OFFICE/SERVICE/PATH, where OFFICE
// is the beginning of the office's id. docs/spec/phone.md, "Between page and worker".
import { HttpClient } from "./http_client.js";
import { codeOf } from "./office.js";

const windowBytes = 1 << 20;  // on the way to the worker and not yet taken
const network = (error) => Object.assign(new Error(String(error?.message ?? error)), { code: "network" });

export const placeOf = (office, service) => `/f/${office.slice(0, 15)}/${service}/`;

export class Bridge {
  // `downloadFailed(name, code)`: what the browser was to keep as a file did not come; "broken": not all of it.
  constructor(core) { Object.assign(this, { core, clients: new Map(), downloadFailed: () => {} }); }

  // [client, target] of an address; null: it names no office of ours.
  route(url) {
    const { pathname, search } = new URL(url, location.origin);
    const found = /^\/f\/([a-z0-9-]{15})\/([a-z0-9-]{1,32})(\/.*)$/.exec(pathname);
    const office = found && this.core.status()[1].find(([id]) => id.startsWith(found[1]));
    return office ? { client: this.client(office[0], found[2]), target: found[3] + search, root: `/f/${found[1]}/${found[2]}` } : null;
  }

  client(office, service) {
    const key = `${office} ${service}`;
    if (!this.clients.has(key)) this.clients.set(key, new HttpClient(this.core, office, service));
    return this.clients.get(key);
  }

  async ask(url, { method = "GET", headers = [], body = null, progress, signal } = {}) {
    const route = this.route(url);
    if (!route) throw network("no such office");
    const named = headers.map(([name, value]) => [name, name.toLowerCase() === "destination" && value.startsWith(route.root) ? value.slice(route.root.length) : value]);
    return route.client.ask({ method, target: route.target, headers: named, body }, { progress, signal });
  }

  // As the browser's fetch, of what this page's modules use.
  async fetch(url, { method = "GET", headers = {}, body = null, signal } = {}) {
    const answer = await this.ask(url, { method, headers: Object.entries(headers), body, signal }).catch((error) => { throw signal?.aborted ? new DOMException("aborted", "AbortError") : network(error); });
    const parts = [];
    for await (const bytes of answer.body) parts.push(bytes);
    const bodiless = [204, 205, 304].includes(answer.status);
    return new Response(bodiless ? null : new Blob(parts), { status: answer.status, headers: plain(answer.headers) });
  }

  // As carrier.put.
  put(url, headers, body, progress) {
    const stop = new AbortController();
    const tell = (bytes) => { if (!stop.signal.aborted) progress(bytes); };
    const answer = (async () => {
      const { status, headers: told, body: content } = await this.ask(url, { method: "PUT", headers: Object.entries(headers), body, progress: tell, signal: stop.signal });
      let text = "";
      const decoder = new TextDecoder();
      for await (const bytes of content) text += decoder.decode(bytes, { stream: true });
      return { status, text, header: (name) => told.find(([key]) => key === name.toLowerCase())?.[1] ?? null };
    })().catch((error) => { throw stop.signal.aborted ? { code: "aborted" } : network(error); });
    return { answer, abort: () => stop.abort(new Error("aborted")) };
  }

  // The worker asks for {url, method, headers, download} and takes the answer by `port`: {status, headers}, then byte arrays as far as it
  // gives credit, then {end}. {stop}: it wants no more.
  async serve({ url, method, headers, body, download }, port) {
    const stop = new AbortController(), failed = (code) => { if (download && !stop.signal.aborted) this.downloadFailed(nameIn(url), code); };
    let answered = false;
    let credit = windowBytes, wake = () => {};
    port.onmessage = ({ data }) => {
      if (data.stop) stop.abort(new Error("not wanted any more"));
      credit += data.taken ?? 0;
      wake();
    };
    try {
      const answer = await this.ask(url, { method, headers, body, signal: stop.signal });
      answered = true;
      if (answer.status >= 400) failed(codeOf(answer.status));
      port.postMessage({ status: answer.status, headers: answer.headers });
      for await (const bytes of answer.body) {
        while (credit <= 0 && !stop.signal.aborted) await new Promise((resolve) => { wake = resolve; });
        if (stop.signal.aborted) break;
        credit -= bytes.length;
        const own = bytes.byteOffset === 0 && bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
        port.postMessage({ bytes: own }, [own.buffer]);
      }
      port.postMessage({ end: true });
    } catch (error) {
      failed(answered ? "broken" : "network");
      port.postMessage({ failed: String(error?.message ?? error?.code ?? error) });
    }
    port.onmessage = null;
  }

  close() { for (const client of this.clients.values()) client.close(); this.clients.clear(); }
}

function nameIn(url) {
  const last = url.split("?")[0].split("/").at(-1);
  try { return decodeURIComponent(last); } catch { return last; }
}

const plain = (headers) => headers.filter(([name]) => !["set-cookie", "transfer-encoding", "connection"].includes(name));
