// The WebSocket of the tests' application: says back what it hears, closes as it is told to. Its own reading of RFC 6455, so
// that the client under test is not measured by itself.
import { createHash } from "node:crypto";

const acceptOf = (key) => createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

function frame(opcode, payload, { last = true } = {}) {
  const { length } = payload, head = length < 126 ? Buffer.from([0, length]) : length < 65536 ? Buffer.from([0, 126, length >> 8, length & 255]) : Buffer.alloc(10);
  if (length >= 65536) { head[1] = 127; head.writeBigUInt64BE(BigInt(length), 2); }
  head[0] = (last ? 0x80 : 0) | opcode;
  return Buffer.concat([head, payload]);
}

function* frames(state) {
  for (;;) {
    const { held } = state;
    if (held.length < 2) return;
    const short = held[1] & 127, at = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (held.length < at + 4) return;
    const length = short === 126 ? held.readUInt16BE(2) : short === 127 ? Number(held.readBigUInt64BE(2)) : short;
    if (held.length < at + 4 + length) return;
    if (!(held[1] & 128)) throw new Error("a client's frame without a mask");
    const mask = held.subarray(at, at + 4), payload = Buffer.from(held.subarray(at + 4, at + 4 + length)).map((byte, i) => byte ^ mask[i & 3]);
    state.held = held.subarray(at + 4 + length);
    yield { opcode: held[0] & 15, payload };
  }
}

export function acceptSocket(app, request, socket) {
  app.sockets.push(socket);
  app.seen.push({ method: "UPGRADE", url: request.url, headers: request.headers });
  if (request.url !== "/socket") return socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  const wanted = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim()).filter(Boolean);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(request.headers["sec-websocket-key"])}\r\n${wanted.length ? `Sec-WebSocket-Protocol: ${wanted.at(-1)}\r\n` : ""}\r\n`);
  app.greet = (text) => socket.write(frame(1, Buffer.from(text)));
  const state = { held: Buffer.alloc(0) };
  socket.on("error", () => {});
  socket.on("end", () => socket.end());
  socket.on("data", (bytes) => {
    state.held = Buffer.concat([state.held, bytes]);
    for (const { opcode, payload } of frames(state)) answer(app, socket, opcode, payload);
  });
  return undefined;
}

function answer(app, socket, opcode, payload) {
  const text = payload.toString();
  if (opcode === 8) { app.closed = payload.length ? [payload.readUInt16BE(0), payload.subarray(2).toString()] : null; return socket.end(frame(8, payload)); }
  if (opcode === 10) { app.pong = text; return undefined; }
  if (opcode === 1 && text === "close me") return socket.write(frame(8, Buffer.concat([Buffer.from([4001 >> 8, 4001 & 255]), Buffer.from("as you wish")])));
  if (opcode === 1 && text === "break") return socket.destroy();
  if (opcode === 1 && text === "ping me") return socket.write(frame(9, Buffer.from("still there?")));
  if (opcode === 1 && text === "in parts") return socket.write(Buffer.concat([frame(1, Buffer.from("one "), { last: false }), frame(9, Buffer.from("between")), frame(0, Buffer.from("two"))]));
  return socket.write(frame(opcode, payload));
}
