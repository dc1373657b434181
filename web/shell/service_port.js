// What the host of one service may ask of this page: requests and WebSockets to that service of that office, and nothing else.
// Whatever comes by the port may be made up: by a page of the service, or by whoever has broken into it.
import { ServiceSocket } from "./service_socket.js";
import { language } from "./words.js";

const windowBytes = 1 << 20;    // on the way to the worker and not yet taken
const runningMost = 48, waitingMost = 512, socketsMost = 32, headersMost = 100, headersLongest = 32 * 1024;
const isText = (value, longest) => typeof value === "string" && value.length <= longest;
const isPairs = (value) => Array.isArray(value) && value.length <= headersMost && value.every((one) => Array.isArray(one) && one.length === 2 && one.every((text) => isText(text, headersLongest)));

// Said by this page alone, or belonging to the connection.
const ours = /^(host|origin|referer|cookie|content-length|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|accept-encoding|proxy-.*|sec-websocket-.*)$/i;

// One service of one office, as its hosts are served.
export class ServiceAccess {
  constructor(phone, office, service, jar) {
    Object.assign(this, { phone, office, service, jar, origin: `http://${service}.localhost`, authorization: null, running: 0, waiting: [], sockets: new Set() });
  }
  get client() { return this.phone.bridge.client(this.office, this.service); }

  // Resolves when it is this one's turn; each must leave().
  async enter() {
    if (this.running < runningMost) { this.running += 1; return; }
    if (this.waiting.length >= waitingMost) throw new Error("too many requests at once");
    await new Promise((turn) => this.waiting.push(turn));
  }
  leave() {
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
  }

  // Headers of every request: `asked` as the browser gave them.
  headers({ headers, cookies, target, referrer, method }) {
    const passed = headers.filter(([name]) => !ours.test(name)), path = target.split("?")[0], has = (wanted) => passed.some(([name]) => name.toLowerCase() === wanted);
    const cookie = this.jar.header(path, (cookies ?? []).filter(([name, value]) => !/[;\s\0-\x1f]/.test(name) && !/[;\r\n\0]/.test(value)));
    if (cookie) passed.push(["Cookie", cookie]);
    if (this.authorization && !has("authorization")) passed.push(["Authorization", this.authorization]);
    if (!has("range")) passed.push(["Accept-Encoding", "gzip"]);
    if (!["GET", "HEAD"].includes(method)) passed.push(["Origin", this.origin]);
    const from = placeOf(referrer);
    if (from) passed.push(["Referer", this.origin + from]);
    return passed;
  }
}

function placeOf(address) {
  try { const { pathname, search } = new URL(isText(address, 4096) ? address : ""); return pathname + search; } catch { return null; }
}

const named = (headers, name) => headers.filter(([key]) => key === name).map(([, value]) => value);
const validTarget = (target) => isText(target, 16 * 1024) && /^\/[^\s\0#]*$/.test(target);

// The parts of a body that is sent while it comes.
class Upload {
  constructor(port, length) { Object.assign(this, { port, length, parts: [], over: false, wake: () => {} }); }
  add(bytes) { if (this.parts.length > 1000) throw new Error("more than was agreed"); this.parts.push(bytes); this.wake(); }
  end() { this.over = true; this.wake(); }
  async* [Symbol.asyncIterator]() {
    for (;;) {
      while (!this.parts.length && !this.over) await new Promise((wake) => { this.wake = wake; });
      const bytes = this.parts.shift();
      if (!bytes) return;
      yield bytes;
      this.port.postMessage({ took: bytes.length });
    }
  }
}

export class ServicePort {
  constructor(port, access) {
    Object.assign(this, { port, access, stops: new Set() });
    port.onmessage = (event) => this.hear(event);
    port.postMessage({ kind: "core", language });
  }

  hear({ data, ports }) {
    const { access } = this;
    if (typeof data !== "object" || data === null) return undefined;
    if (data.kind === "ping") return this.port.postMessage({ kind: "pong" });
    if (data.kind === "sign-in" && isText(data.user, 256) && isText(data.password, 1024)) {
      access.authorization = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${data.user}:${data.password}`)))}`;
      return undefined;
    }
    if (ports.length !== 1) return undefined;
    if (data.kind === "fetch") return this.serve(data, ports[0]);
    return data.kind === "socket" ? this.openSocket(data, ports[0]) : undefined;
  }

  async serve(asked, port) {
    const stop = new AbortController(), room = { credit: windowBytes, wake: () => {} };
    const upload = asked.streamed ? new Upload(port, Number.isSafeInteger(asked.length) ? asked.length : null) : null;
    const end = () => { stop.abort(new Error("not wanted any more")); upload?.end(); room.wake(); };
    port.onmessage = ({ data }) => {
      if (data?.stop) return end();
      if (data?.part instanceof Uint8Array) { try { upload?.add(data.part); } catch { end(); } return undefined; }
      if (data?.partsEnd) upload?.end();
      if (Number.isFinite(data?.taken)) { room.credit += data.taken; room.wake(); }
      return undefined;
    };
    this.stops.add(end);
    let entered = false;
    try {
      if (!isText(asked.method, 16) || !validTarget(asked.target) || !isPairs(asked.headers) || !(asked.cookies === null || isPairs(asked.cookies))) throw new Error("not a request");
      await this.access.enter();
      entered = true;
      await this.carry(asked, port, upload, stop.signal, room);
    } catch (error) {
      port.postMessage({ failed: String(error?.message || error?.code || "failed") });
    }
    if (entered) this.access.leave();
    upload?.end();
    this.stops.delete(end);
    port.onmessage = null;
  }

  async carry(asked, port, upload, signal, room) {
    const { access } = this, body = upload ?? (asked.whole instanceof Uint8Array ? new Blob([asked.whole]) : asked.blob instanceof Blob ? asked.blob : null);
    const headers = access.headers(asked), credentials = access.authorization;
    const answer = await access.client.ask({ method: asked.method, target: asked.target, headers, body }, { signal });
    if (answer.status < 200) { answer.flow.reset(); throw new Error("an answer that was not asked for"); }
    // A name and password that are refused are asked for anew.
    if (answer.status === 401 && credentials && access.authorization === credentials) access.authorization = null;
    const cookies = access.jar.take(named(answer.headers, "set-cookie"), asked.target.split("?")[0], asked.cookies !== null);
    port.postMessage({ status: answer.status, headers: this.moved(answer.headers), cookies, signedIn: Boolean(credentials) });
    for await (const bytes of answer.body) {
      while (room.credit <= 0 && !signal.aborted) await new Promise((wake) => { room.wake = wake; });
      if (signal.aborted) return;
      room.credit -= bytes.length;
      const own = bytes.byteOffset === 0 && bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
      port.postMessage({ bytes: own }, [own.buffer]);
    }
    port.postMessage({ end: true });
  }

  // The host takes its service's own addresses to begin with one name, whatever it is called.
  moved(headers) {
    const { origin } = this.access;
    return headers.filter(([name]) => name !== "set-cookie").map(([name, value]) => (name === "location" && (value === origin || value.startsWith(`${origin}/`)) ? [name, `http://service.localhost${value.slice(origin.length)}`] : [name, value]));
  }

  openSocket(asked, port) {
    const { access } = this, right = validTarget(asked.target) && (asked.cookies === null || isPairs(asked.cookies)) && Array.isArray(asked.protocols) && asked.protocols.length <= 20
      && asked.protocols.every((one) => isText(one, 256) && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(one));
    if (!right || access.sockets.size >= socketsMost) return port.postMessage({ failed: true });
    const socket = new ServiceSocket(port, () => access.sockets.delete(socket));
    access.sockets.add(socket);
    const headers = access.headers({ headers: [], cookies: asked.cookies, target: asked.target, referrer: null, method: "POST" }).filter(([name]) => name !== "Accept-Encoding");
    return socket.run(access.client, { target: asked.target, protocols: asked.protocols, headers });
  }

  // The other end learns that it must ask anew.
  end() {
    for (const stop of this.stops) stop();
    this.port.postMessage({ kind: "gone" });
    this.port.onmessage = null;
    this.port.close();
  }
}
