// One file on its way to the office, in pieces: docs/spec/folder.md, "Uploads". It goes on after any cut.
import { carrier } from "./carrier.js";
import * as office from "./office.js";

const pieceBytes = 32 * 1024 * 1024;  // the office keeps no more than it has told of: at most this is sent twice
const pauses = [1, 2, 4, 8, 15, 30];  // seconds before trying again

// The same file for the same folder keeps its id in this browser, so that it goes on after the page was closed.
const rememberedAs = (folder, file) => `upload ${folder} ${file.name} ${file.size} ${file.lastModified}`;

function idFor(key) {
  const known = localStorage.getItem(key);
  if (known) return known;
  const id = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  localStorage.setItem(key, id);
  return id;
}

export class Upload {
  // `folder`: its URL path. `changed(upload)` after each change; `conflict(upload)` resolves to "number", "replace" or
  // "skip". States: waiting, checking, sending, finishing, paused, stalled, done, skipped, failed, cancelled.
  constructor(folder, file, { changed, conflict }) {
    Object.assign(this, { folder, file, changed, conflict, name: file.name, sent: 0, state: "waiting", action: "refuse", failures: 0, speed: 0 });
    this.key = rememberedAs(folder, file);
    this.id = idFor(this.key);
    this.url = folder + office.encodeName(file.name);
  }

  get active() { return ["checking", "sending", "finishing", "stalled"].includes(this.state); }
  get over() { return ["done", "skipped", "failed", "cancelled"].includes(this.state); }

  become(state, error = null) {
    this.state = state;
    this.error = error;
    if (["done", "skipped", "cancelled"].includes(state)) localStorage.removeItem(this.key);
    this.changed(this);
  }

  async run() {
    while (!this.over && this.state !== "paused") {
      try {
        await this.advance();
      } catch (error) {
        if (this.over || this.state === "paused") return;
        if (error.code !== "network") return this.become("failed", error);
        await this.pauseAWhile();
      }
    }
  }

  async advance() {
    this.become("checking");
    const offset = await this.askOffset();
    if (offset === null || this.state !== "checking") return;
    this.sent = offset;
    while (this.state === "checking" || this.state === "sending") {
      if (!(await this.sendPiece())) return;
    }
  }

  headers() {
    return { "Upload-Id": this.id, "Upload-Offset": String(this.sent), "Upload-Length": String(this.file.size), "Upload-Modified": String(this.file.lastModified) };
  }

  // How far it is; null: the person or an earlier answer has settled it.
  async askOffset() {
    let answer;
    try {
      answer = await carrier.fetch(`${this.url}?conflict=${this.action}`, { method: "HEAD", headers: this.headers(), cache: "no-store" });
    } catch {
      throw { code: "network" };
    }
    if (answer.ok) {
      if (answer.headers.has("Upload-Name")) return this.finish(decodeURIComponent(answer.headers.get("Upload-Name")));
      return Number(answer.headers.get("Upload-Offset"));
    }
    const code = answer.headers.get("Drawbridge-Error") ?? office.codeOf(answer.status);
    if (code !== "already_exists") throw { code };
    const action = await this.conflict(this);
    if (action === "skip") this.become("skipped");
    else this.action = action;
    return null;
  }

  finish(name) {
    this.name = name;
    this.sent = this.file.size;
    this.become("done");
    return null;
  }

  // True: there is more to send at once.
  async sendPiece() {
    const body = this.file.slice(this.sent, this.sent + pieceBytes);
    // A file that was changed or taken away cannot be read; the network is not to blame then.
    if (body.size) await body.slice(0, 1).arrayBuffer().catch(() => { throw { code: "local" }; });
    const answer = await this.put(body);
    this.failures = 0;
    if (answer.status === 201) return this.finish(JSON.parse(answer.text).name);
    if (answer.status === 202) { this.sent = Number(answer.header("Upload-Offset")); return true; }
    if (answer.status === 409) return false;  // asked anew
    let error = null;
    try { error = JSON.parse(answer.text).error; } catch { /* not from the office */ }
    throw error ?? { code: office.codeOf(answer.status) };
  }

  put(body) {
    const base = this.sent, began = performance.now();
    this.become("sending");
    this.request = carrier.put(`${this.url}?conflict=${this.action}`, this.headers(), body, (bytes) => {
      this.shown = base + bytes;
      this.measure(bytes, (performance.now() - began) / 1000);
      this.become(bytes === body.size && this.shown === this.file.size ? "finishing" : "sending");
    });
    return this.request.answer;
  }

  measure(bytes, seconds) {
    if (seconds > 0.5) this.speed = this.speed ? 0.8 * this.speed + 0.2 * (bytes / seconds) : bytes / seconds;
  }

  get progress() { return this.file.size ? Math.min(1, Math.max(this.sent, this.shown ?? 0) / this.file.size) : Number(this.state === "done"); }
  get secondsLeft() { return (this.file.size * (1 - this.progress)) / this.speed; }

  pauseAWhile() {
    this.become("stalled");
    const seconds = pauses[Math.min(this.failures, pauses.length - 1)];
    this.failures += 1;
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, seconds * 1000);
      addEventListener("online", resolve, { once: true });
    });
  }

  tryNow() { this.wake?.(); }
  pause() { this.become("paused"); this.request?.abort(); this.wake?.(); }
  resume() { this.become("waiting"); }

  cancel() {
    this.become("cancelled");
    this.request?.abort();
    this.wake?.();
    carrier.fetch(this.url, { method: "DELETE", headers: { "Upload-Id": this.id } }).catch(() => {});
  }
}
