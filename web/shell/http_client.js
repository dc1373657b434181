// HTTP/1.1 over flows: strict in what it takes, since the bytes are an office's program's. RFC 9112.
import { Flow } from "./flow.js";

const headLongest = 64 * 1024, lineLongest = 4096;
const idleMost = 4, idleLongest = 20000;
const latin = new TextDecoder("latin1"), utf8 = new TextEncoder();
const broken = (message) => Object.assign(new Error(message), { code: "network" });

// Reads a flow by lines and by counts.
class Source {
  constructor(flow) { this.flow = flow; this.left = new Uint8Array(0); this.any = false; }

  async more() {
    const bytes = await this.flow.read();
    if (!bytes) return false;
    this.any = true;
    if (!this.left.length) this.left = bytes;
    else { const both = new Uint8Array(this.left.length + bytes.length); both.set(this.left); both.set(bytes, this.left.length); this.left = both; }
    return true;
  }

  async until(ending, longest) {
    for (;;) {
      const at = indexOf(this.left, ending);
      if (at >= 0) { const found = latin.decode(this.left.subarray(0, at)); this.left = this.left.subarray(at + ending.length); return found; }
      if (this.left.length > longest) throw broken("a head or line is too long");
      if (!(await this.more())) throw broken("the answer breaks off");
    }
  }

  // At most `most` bytes, whatever is there; null: the end.
  async some(most) {
    if (!this.left.length && !(await this.more())) return null;
    const bytes = this.left.subarray(0, most);
    // Whoever takes all of it may give it away: what is left must not lie in the same buffer.
    this.left = bytes.length === this.left.length ? new Uint8Array(0) : this.left.subarray(bytes.length);
    return bytes;
  }
}

const crlf = [13, 10], blank = [13, 10, 13, 10];
function indexOf(bytes, ending) {
  for (let at = bytes.indexOf(ending[0]); at >= 0; at = bytes.indexOf(ending[0], at + 1)) {
    if (ending.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

export function parseHead(text) {
  const [first, ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})(?: [^\r\n]*)?$/.exec(first);
  if (!status) throw broken("not an answer of HTTP/1.1");
  const headers = [];
  for (const line of lines) {
    const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*$/.exec(line);
    if (!field) throw broken("a header is malformed");
    headers.push([field[1].toLowerCase(), field[2]]);
  }
  return { status: Number(status[1]), headers };
}

const all = (headers, name) => headers.filter(([key]) => key === name).map(([, value]) => value);

// How the body is measured: {kind: "none" | "length" | "chunked" | "close", length}.
export function framing(method, { status, headers }) {
  if (method === "HEAD" || status === 204 || status === 304) return { kind: "none" };
  const codings = all(headers, "transfer-encoding"), lengths = all(headers, "content-length");
  if (codings.length) {
    if (lengths.length || codings.length > 1 || codings[0].toLowerCase() !== "chunked") throw broken("the length of the body is ambiguous");
    return { kind: "chunked" };
  }
  if (!lengths.length) return { kind: "close" };
  if (lengths.some((one) => one !== lengths[0]) || !/^\d{1,15}$/.test(lengths[0])) throw broken("the length of the body is ambiguous");
  return { kind: "length", length: Number(lengths[0]) };
}

async function* body(source, frame) {
  if (frame.kind === "close") { for (let bytes = await source.some(Infinity); bytes; bytes = await source.some(Infinity)) yield bytes; return; }
  if (frame.kind === "length") { yield* counted(source, frame.length); return; }
  for (;;) {
    const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(await source.until(crlf, lineLongest));
    if (!size) throw broken("a chunk is malformed");
    const length = parseInt(size[1], 16);
    if (length === 0) break;
    yield* counted(source, length);
    if (await source.until(crlf, lineLongest)) throw broken("a chunk is malformed");
  }
  while (await source.until(crlf, lineLongest)) { /* trailers say nothing to us */ }
}

async function* counted(source, length) {
  for (let left = length; left > 0;) {
    const bytes = await source.some(left);
    if (!bytes) throw broken("the answer breaks off");
    left -= bytes.length;
    yield bytes;
  }
}

const token = /^[A-Z]{1,16}$/, safeTarget = /^\/[^\s\0#]*$/, fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, fieldValue = /^[^\r\n\0]*$/;

function head(host, { method, target, headers }, length) {
  if (!token.test(method) || !safeTarget.test(target)) throw broken("not a request");
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`];
  for (const [name, value] of headers) {
    if (!fieldName.test(name) || !fieldValue.test(value)) throw broken("not a header");
    lines.push(`${name}: ${value}`);
  }
  if (length === "chunked") lines.push("Transfer-Encoding: chunked");
  else if (length || method === "PUT" || method === "POST") lines.push(`Content-Length: ${length}`);
  return utf8.encode(`${lines.join("\r\n")}\r\n\r\n`);
}

// The requests to one service of one office. Flows are used again: each one that is opened is an entry in the audit trail.
export class HttpClient {
  constructor(core, office, service) { Object.assign(this, { core, office, service, idle: [] }); }

  // `request`: {method, target, headers: [[name, value]…], body}. A body is a Blob (`progress(bytes)` tells how much has been
  // taken), or an async iterable of byte arrays, with their number as its `length` where that is known; null: none. `signal` ends it at any time.
  // Resolves to {status, headers, body: async iterable}; the body must be read to its end or returned from.
  async ask(request, { progress, signal } = {}) {
    if (signal?.aborted) throw signal.reason;
    const idle = this.reuse();
    try {
      return await this.exchange(idle ?? new Flow(this.core, this.office, this.service), request, progress, signal);
    } catch (error) {
      // The other end may have closed a flow that was idle; what asks only may ask again.
      if (!idle || error.answered || signal?.aborted || !["GET", "HEAD"].includes(request.method)) throw error;
      return this.exchange(new Flow(this.core, this.office, this.service), request, progress, signal);
    }
  }

  reuse() {
    for (let one = this.idle.pop(); one; one = this.idle.pop()) {
      clearTimeout(one.timer);
      if (!one.flow.over && !one.flow.take() && !one.flow.ended) return one.flow;
      one.flow.reset();
    }
    return null;
  }

  async exchange(flow, request, progress, signal) {
    const stop = () => flow.reset();
    signal?.addEventListener("abort", stop);
    const source = new Source(flow);
    try {
      let sent = false;
      // What cannot be sent whole, because it is no request or cannot be read, is not answered either.
      this.send(flow, request, progress).then(() => { sent = true; }, () => flow.reset());
      let answer;
      do answer = parseHead(await source.until(blank, headLongest));
      while (answer.status >= 100 && answer.status < 200 && answer.status !== 101);
      const frame = framing(request.method, answer);
      const reusable = frame.kind !== "close" && answer.status !== 101 && !all(answer.headers, "connection").join().toLowerCase().includes("close");
      return { ...answer, frame, flow, source, body: this.read(flow, source, frame, () => sent, reusable, () => signal?.removeEventListener("abort", stop)) };
    } catch (error) {
      flow.reset();
      signal?.removeEventListener("abort", stop);
      throw Object.assign(signal?.aborted ? signal.reason : error, { answered: source.any });
    }
  }

  async* read(flow, source, frame, sent, reusable, released) {
    let whole = false;
    try {
      if (frame.kind !== "none") yield* body(source, frame);
      whole = true;
    } finally {
      released();
      // What was not read, or answered before all was sent, is of no use to the next request.
      if (whole && reusable && sent() && !source.left.length) this.keep(flow);
      else flow.reset();
    }
  }

  keep(flow) {
    if (flow.over || this.idle.length >= idleMost) return flow.reset();
    const one = { flow, timer: setTimeout(() => { this.idle = this.idle.filter((other) => other !== one); flow.reset(); }, idleLongest) };
    return this.idle.push(one);
  }

  async send(flow, request, progress) {
    const { body: content } = request;
    const host = `${this.service}.localhost`;
    if (content === null || content === undefined) return flow.write(head(host, request, 0));
    if (content instanceof Blob) {
      await flow.write(head(host, request, content.size));
      return sendBlob(flow, content, progress);
    }
    if (Number.isSafeInteger(content.length)) {
      await flow.write(head(host, request, content.length));
      return sendCounted(flow, content);
    }
    await flow.write(head(host, request, "chunked"));
    for await (const bytes of content) {
      if (!bytes.length) continue;
      await flow.write(utf8.encode(`${bytes.length.toString(16)}\r\n`));
      await flow.write(bytes);
      await flow.write(utf8.encode("\r\n"));
    }
    return flow.write(utf8.encode("0\r\n\r\n"));
  }

  close() { for (const { flow, timer } of this.idle.splice(0)) { clearTimeout(timer); flow.reset(); } }
}

// As many as were announced, or the program cannot tell where the next request begins.
async function sendCounted(flow, content) {
  let left = content.length;
  for await (const bytes of content) {
    left -= bytes.length;
    if (left < 0) break;
    await flow.write(bytes);
  }
  if (left !== 0) flow.reset();
}

const pieceBytes = 256 * 1024;
async function sendBlob(flow, blob, progress) {
  for (let at = 0; at < blob.size; at += pieceBytes) {
    const piece = new Uint8Array(await blob.slice(at, at + pieceBytes).arrayBuffer());
    await flow.write(piece);
    progress?.(at + piece.length);
  }
}
