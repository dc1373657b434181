// A WebSocket client (RFC 6455) over a flow to an office's program. Without extensions.
const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const messageLongest = 16 * 1024 * 1024;
const utf8 = new TextEncoder();
const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const acceptOf = async (key) => base64(new Uint8Array(await crypto.subtle.digest("SHA-1", utf8.encode(key + magic))));
const failure = (code, message) => Object.assign(new Error(message), { close: code });

// One frame, masked as a client's must be (5.3).
export function frame(opcode, payload) {
  const { length } = payload, extended = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const bytes = new Uint8Array(6 + extended + length), view = new DataView(bytes.buffer), mask = crypto.getRandomValues(new Uint8Array(4));
  bytes[0] = 0x80 | opcode;
  bytes[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(mask, 2 + extended);
  for (let at = 0, to = 6 + extended; at < length; at += 1) bytes[to + at] = payload[at] ^ mask[at & 3];
  return bytes;
}

// Takes bytes as they come; gives whole messages: {text} | {bytes} | {ping} | {pong} | {close, reason}. Throws {close: code}.
export class FrameReader {
  constructor() { this.left = new Uint8Array(0); this.parts = []; this.size = 0; this.kind = 0; }

  *take(bytes) {
    const both = new Uint8Array(this.left.length + bytes.length);
    both.set(this.left);
    both.set(bytes, this.left.length);
    this.left = both;
    for (let found = this.next(); found; found = this.next()) {
      const message = this.message(found);
      if (message) yield message;
    }
  }

  // The next whole frame, {last, opcode, payload}; null: more is to come.
  next() {
    const { left } = this;
    if (left.length < 2) return null;
    const view = new DataView(left.buffer, left.byteOffset), short = left[1] & 0x7f, opcode = left[0] & 15, head = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    if (left[0] & 0x70 || left[1] & 0x80) throw failure(1002, "a frame of another kind");
    if (opcode >= 8 && (short > 125 || !(left[0] & 0x80))) throw failure(1002, "a control frame is too long or in parts");
    if (left.length < head) return null;
    const length = short === 126 ? view.getUint16(2) : short === 127 ? Number(view.getBigUint64(2)) : short;
    if (length > messageLongest - this.size) throw failure(1009, "a message is too long");
    if (left.length < head + length) return null;
    this.left = left.subarray(head + length);
    return { last: Boolean(left[0] & 0x80), opcode, payload: left.slice(head, head + length) };
  }

  message({ last, opcode, payload }) {
    if (opcode === opcodes.ping) return { ping: payload };
    if (opcode === opcodes.pong) return { pong: payload };
    if (opcode === opcodes.close) return closing(payload);
    if (opcode > opcodes.binary || (opcode === opcodes.continuation) === (this.kind === 0)) throw failure(1002, "a frame that does not belong here");
    if (opcode) this.kind = opcode;
    this.parts.push(payload);
    this.size += payload.length;
    if (!last) return null;
    const whole = new Uint8Array(this.size), { kind } = this;
    let at = 0;
    for (const part of this.parts) { whole.set(part, at); at += part.length; }
    Object.assign(this, { parts: [], size: 0, kind: 0 });
    return kind === opcodes.text ? { text: decoded(whole) } : { bytes: whole };
  }
}

function decoded(bytes) {
  try { return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch { throw failure(1007, "a text that is no UTF-8"); }
}

function closing(payload) {
  if (payload.length === 1) throw failure(1002, "a closing frame of one byte");
  return payload.length ? { close: (payload[0] << 8) | payload[1], reason: decoded(payload.subarray(2)) } : { close: 1005, reason: "" };
}

export const closeFrame = (code, reason) => {
  const text = code === null ? new Uint8Array(0) : utf8.encode(reason).subarray(0, 123), payload = new Uint8Array(code === null ? 0 : 2 + text.length);
  if (code !== null) { payload.set([code >> 8, code & 255]); payload.set(text, 2); }
  return frame(opcodes.close, payload);
};
export const textFrame = (text) => frame(opcodes.text, utf8.encode(text));
export const binaryFrame = (bytes) => frame(opcodes.binary, bytes);
export const pongFrame = (payload) => frame(opcodes.pong, payload);

// Upgrades one connection of `client`. Resolves to {flow, source, protocol}; throws when the program does not agree.
export async function upgrade(client, { target, protocols, headers, signal }) {
  const key = base64(crypto.getRandomValues(new Uint8Array(16)));
  const asked = [["Upgrade", "websocket"], ["Connection", "Upgrade"], ["Sec-WebSocket-Version", "13"], ["Sec-WebSocket-Key", key], ...headers];
  if (protocols.length) asked.push(["Sec-WebSocket-Protocol", protocols.join(", ")]);
  const answer = await client.ask({ method: "GET", target, headers: asked, body: null }, { signal });
  const told = (name) => answer.headers.find(([one]) => one === name)?.[1] ?? "", protocol = told("sec-websocket-protocol");
  const right = answer.status === 101 && told("sec-websocket-accept") === (await acceptOf(key)) && (!protocol || protocols.includes(protocol)) && !told("sec-websocket-extensions");
  if (!right) { answer.flow.reset(); throw failure(1006, `answered ${answer.status}`); }
  return { flow: answer.flow, source: answer.source, protocol };
}
