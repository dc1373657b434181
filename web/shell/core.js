// The core: core.wasm and the page's side of it. docs/spec/phone.md, "The core". Runs in a page and, for tests, in Node.
import { bootClock } from "./boot_clock.js";
import { decode, encode } from "./msgpack.js";
import { RelaySocket } from "./relay_socket.js";

const drawAtOnce = 65536;  // crypto.getRandomValues takes no more
const utf8 = new TextEncoder();

// Failures are thrown as {code, message, remedy}.
const failure = ([code, message, remedy]) => Object.assign(new Error(message), { code, remedy });

// As soon as the page has dealt with what waits, without the 4 ms of a timer.
const soon = (() => {
  if (typeof setImmediate === "function") return (act) => setImmediate(act);
  const { port1, port2 } = new MessageChannel(), acts = [];
  port1.onmessage = () => acts.shift()();
  return (act) => { acts.push(act); port2.postMessage(null); };
})();

export class Core {
  // `told(event)`: what happened, as a list; `store(rows)`: resolves when [kind, key, value or null]… are durable.
  static async load(wasm, { told, store }) {
    const core = new Core();
    Object.assign(core, { told, store, sockets: new Map(), waiting: new Map(), flows: new Map(), storing: Promise.resolve(), due: false, timer: null });
    const source = wasm instanceof WebAssembly.Module ? { instance: await WebAssembly.instantiate(wasm, core.imports()) } : await WebAssembly.instantiate(wasm, core.imports());
    core.exports = source.instance.exports;
    core.exports._initialize();
    return core;
  }

  imports() {
    const clock = bootClock();
    const random = (at, length) => {
      for (let from = 0; from < length; from += drawAtOnce) crypto.getRandomValues(this.bytes(at + from, Math.min(drawAtOnce, length - from)));
      return 0;
    };
    return {
      drawbridge: {
        random, boot_ms: clock, wall_ms: () => Date.now(),
        open_socket: (number, serial, ...texts) => this.openSocket(number, serial, this.text(texts[0], texts[1]), [this.text(texts[2], texts[3]), this.text(texts[4], texts[5])]),
        close_socket: (number) => { this.sockets.get(number)?.close(); this.sockets.delete(number); },
        // Copied: the browser sends it later, when the memory holds something else.
        send: (number, at, length) => Number(this.sockets.get(number)?.send(this.bytes(at, length).slice()) ?? false),
        tell: (at, length) => this.hear(decode(this.bytes(at, length).slice())),
      },
      // What the C library wants. It writes only when it fails for good.
      wasi_snapshot_preview1: {
        random_get: random, fd_close: () => 8, fd_seek: () => 8,
        fd_write: (fd, parts, count, written) => this.complain(parts, count, written),
      },
    };
  }

  // Views last until the core runs: its memory may move.
  bytes(at, length) { return new Uint8Array(this.exports.memory.buffer, at, length); }
  text(at, length) { return new TextDecoder().decode(this.bytes(at, length).slice()); }
  answer() {
    const [at, length] = new Uint32Array(this.exports.memory.buffer, this.exports.output(), 2);
    return this.bytes(at, length);
  }

  complain(parts, count, written) {
    const view = new DataView(this.exports.memory.buffer);
    let total = 0;
    for (let i = 0; i < count; i += 1) {
      const at = view.getUint32(parts + 8 * i, true), length = view.getUint32(parts + 8 * i + 4, true);
      console.error(this.text(at, length));
      total += length;
    }
    view.setUint32(written, total, true);
    return 0;
  }

  // Puts texts or bytes behind one another where the core reads them; gives their lengths.
  put(...parts) {
    const all = parts.map((part) => (typeof part === "string" ? utf8.encode(part) : part));
    let at = this.exports.input(all.reduce((sum, part) => sum + part.length, 1));
    for (const part of all) { this.bytes(at, part.length).set(part); at += part.length; }
    return all.map((part) => part.length);
  }

  // The 32 bytes that a passphrase becomes. Takes a second, and memory that is given back with this core.
  stretch(passphrase, salt, passes, memoryKib) {
    const [length] = this.put(passphrase, salt);
    const done = this.exports.stretch(length, passes, memoryKib), answer = this.answer().slice();
    if (!done) throw failure(decode(answer));
    return answer;
  }

  start(seed, name, rows) {
    const settings = encode([seed, name, rows]);
    const done = this.exports.start(...this.put(settings));
    settings.fill(0);
    if (!done) throw failure(decode(this.answer()));
    this.touch();
  }

  wake() { this.exports.wake(); this.touch(); }
  status() { this.exports.status(); return decode(this.answer().slice()); }

  // Resolves to what the finished request says, {rtt, office}.
  request(call, texts, ...more) {
    const number = this.exports[call](...this.put(...texts), ...more);
    if (!number) return Promise.reject(failure(decode(this.answer().slice())));
    this.touch();
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject }));
  }
  join(link, name) { return this.request("join", [link, name]); }
  leave(office) { return this.request("leave", [office]); }
  ping(office, patience) { return this.request("ping", [office], patience); }

  openFlow(office, service, flow) {
    const id = this.exports.open_flow(...this.put(office, service));
    if (!id) throw failure(decode(this.answer().slice()));
    this.flows.set(id, flow);
    this.touch();
    return id;
  }

  hear(event) {
    const [kind, subject, ...rest] = event;
    if (kind === "store") return this.keep(subject, rest[0]);
    if (kind === "done") return this.answered(subject, ...rest);
    const flow = ["readable", "writable", "accepted", "ended"].includes(kind) ? this.flows.get(subject) : null;
    if (kind === "ended") this.flows.delete(subject);
    // Not now: the core must not be called while it tells.
    if (flow) return queueMicrotask(() => flow.hear(kind, ...rest));
    return queueMicrotask(() => this.told(event));
  }

  answered(number, error, rtt, office) {
    const request = this.waiting.get(number);
    this.waiting.delete(number);
    if (error) request?.reject(failure(error));
    else request?.resolve({ rtt, office });
  }

  // One batch after another, in their order.
  keep(ticket, rows) {
    this.storing = this.storing.then(() => this.store(rows)).then(() => true, () => false).then((done) => { this.exports.stored(ticket, Number(done)); this.touch(); });
  }

  openSocket(number, serial, url, protocols) {
    this.sockets.set(number, new RelaySocket(url, protocols, {
      opened: () => { this.exports.socket_opened(number, serial); this.touch(); },
      closed: () => { this.sockets.delete(number); this.exports.socket_closed(number, serial); this.touch(); },
      received: (message) => { this.exports.socket_received(number, serial, ...this.put(message)); this.settle(); },
    }));
  }

  // Something has changed: the core has its turn once, after all that happens now.
  touch() {
    if (this.due) return;
    this.due = true;
    soon(() => { if (this.due) this.settle(); });
  }

  settle() {
    this.due = false;
    clearTimeout(this.timer);
    const wait = this.exports.settle();
    if (wait === 0) this.touch();
    else if (wait > 0) this.timer = setTimeout(() => this.settle(), Math.min(Math.ceil(wait), 2 ** 30));
  }

  close() {
    clearTimeout(this.timer);
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
    this.touch = this.settle = () => {};
    this.openFlow = () => { throw failure(["state", "another tab has the bridge", ""]); };
  }
}
