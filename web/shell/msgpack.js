// MessagePack as the core writes and reads it (protocol/wire/msgpack.hpp): no maps, no extensions.
const text = new TextDecoder("utf-8", { fatal: true }), utf8 = new TextEncoder();

export function decode(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length) => bytes.subarray(at, (at += length));
  const uint = (width) => {
    const from = at;
    at += width;
    return width === 1 ? view.getUint8(from) : width === 2 ? view.getUint16(from) : width === 4 ? view.getUint32(from) : Number(view.getBigUint64(from));
  };
  const int = (width) => {
    const from = at;
    at += width;
    return width === 1 ? view.getInt8(from) : width === 2 ? view.getInt16(from) : width === 4 ? view.getInt32(from) : Number(view.getBigInt64(from));
  };
  const list = (count) => Array.from({ length: count }, value);
  function value() {
    const head = uint(1);
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head >= 0x90 && head <= 0x9f) return list(head & 15);
    if (head >= 0xa0 && head <= 0xbf) return text.decode(take(head & 31));
    switch (head) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return take(uint(1 << (head - 0xc4))).slice();
      case 0xcc: case 0xcd: case 0xce: case 0xcf: return uint(1 << (head - 0xcc));
      case 0xd0: case 0xd1: case 0xd2: case 0xd3: return int(1 << (head - 0xd0));
      case 0xd9: case 0xda: case 0xdb: return text.decode(take(uint(1 << (head - 0xd9))));
      case 0xdc: case 0xdd: return list(uint(head === 0xdc ? 2 : 4));
      default: throw new TypeError(`MessagePack: unexpected byte ${head}`);
    }
  }
  const whole = value();
  if (at !== bytes.length) throw new TypeError("MessagePack: bytes are left over");
  return whole;
}

// Of lists, byte strings, texts and integers from 0.
export function encode(value) {
  const parts = [];
  const head = (small, smallest, wide, count) => {
    if (count < small) return parts.push([smallest | count]);
    for (let width = 1; width <= 4; width *= 2) {
      const first = wide[width];
      if (first === undefined || count >= 2 ** (8 * width)) continue;
      return parts.push([first, ...Array.from({ length: width }, (_, i) => Math.floor(count / 2 ** (8 * (width - 1 - i))) & 255)]);
    }
    throw new RangeError("MessagePack: too long");
  };
  const write = (one) => {
    if (Array.isArray(one)) { head(16, 0x90, { 2: 0xdc, 4: 0xdd }, one.length); one.forEach(write); }
    else if (one instanceof Uint8Array) { head(0, 0, { 1: 0xc4, 2: 0xc5, 4: 0xc6 }, one.length); parts.push(one); }
    else if (typeof one === "string") { const bytes = utf8.encode(one); head(32, 0xa0, { 1: 0xd9, 2: 0xda, 4: 0xdb }, bytes.length); parts.push(bytes); }
    else head(128, 0, { 1: 0xcc, 2: 0xcd, 4: 0xce }, one);
  };
  write(value);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { out.set(part, at); at += part.length; }
  return out;
}
