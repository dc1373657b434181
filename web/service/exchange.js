// One request of the browser's, carried to the phone's page and back. docs/spec/phone.md, "Between a service's worker and the page".
const queued = 256 * 1024;
const wholeMost = 1 << 20;  // a body up to this is sent with its length; programs of the office often want one

async function* chunks(stream) {
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    reader.releaseLock();
  }
}

function joined(parts, size) {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}

// {} | {whole} | {blob} | {stream, length}: the body; `length` is null where only its end will tell.
async function bodyOf(request) {
  if (["GET", "HEAD"].includes(request.method)) return {};
  if (!request.body) { const blob = await request.blob(); return blob.size ? { blob } : {}; }
  const stream = chunks(request.body), parts = [];
  let size = 0;
  while (size <= wholeMost) {
    const { value, done } = await stream.next();
    if (done) return size ? { whole: joined(parts, size) } : {};
    parts.push(value);
    size += value.length;
  }
  const counted = request.headers.get("x-drawbridge-length");
  return { length: /^\d{1,15}$/.test(counted ?? "") ? Number(counted) : null, stream: (async function* rest() { yield* parts; yield* stream; })() };
}

const pieceMost = 128 * 1024;

// As fast as the page takes it: `credit` bytes are on the way at most.
async function send(port, stream, room) {
  try {
    for await (const bytes of stream) {
      for (let at = 0; at < bytes.length; at += pieceMost) {
        const part = bytes.slice(at, at + pieceMost);
        while (room.credit <= 0 && !room.over) await new Promise((wake) => { room.wake = wake; });
        if (room.over) return;
        room.credit -= part.length;
        port.postMessage({ part }, [part.buffer]);
      }
    }
    port.postMessage({ partsEnd: true });
  } catch (error) {
    port.postMessage({ stop: String(error) });
  }
}

// [name, value]… that the service's pages have for `target`; null: this browser does not tell. Chromium tells a worker only of
// those for the worker's own address, which those for all addresses are.
export async function visibleCookies(target) {
  if (!globalThis.cookieStore) return null;
  const url = new URL(target, location.origin).href;
  const found = await cookieStore.getAll({ url }).catch(() => cookieStore.getAll()).catch(() => []);
  return found.map(({ name, value }) => [name, value]);
}

async function keepCookies(cookies) {
  for (const { name, value, path, expires } of cookies) await globalThis.cookieStore?.set({ name, value, path, expires, sameSite: "lax" }).catch(() => {});
}

const carried = (request) => [...request.headers].filter(([name]) => name !== "x-drawbridge-length");

// Resolves to {status, headers, body: ReadableStream}; rejects when the office was not reached.
export async function exchange(core, request, target) {
  const { stream, ...body } = await bodyOf(request);
  const { port1, port2 } = new MessageChannel(), room = { credit: 512 * 1024, over: false, wake: () => {} };
  const asked = { kind: "fetch", method: request.method, target, headers: carried(request), cookies: await visibleCookies(target), referrer: request.referrer, ...body, streamed: Boolean(stream) };
  let control = null, received = 0, credited = 0;
  const end = () => { room.over = true; room.wake(); port1.close(); };
  const answerBody = new ReadableStream({
    start: (controller) => { control = controller; },
    pull: () => {
      const taken = received - (queued - control.desiredSize) - credited;
      if (taken > 0) { credited += taken; port1.postMessage({ taken }); }
    },
    cancel: () => { port1.postMessage({ stop: "not wanted" }); end(); },
  }, new ByteLengthQueuingStrategy({ highWaterMark: queued }));
  const answer = new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => {
      if (data.took) { room.credit += data.took; return room.wake(); }
      if (data.status) return keepCookies(data.cookies).then(() => resolve({ status: data.status, headers: data.headers, body: answerBody, asked: data.signedIn }));
      if (data.bytes) { received += data.bytes.length; return control.enqueue(data.bytes); }
      if (data.end) control.close();
      else { const error = new Error(data.failed); reject(error); control.error(error); }
      return end();
    };
    request.signal?.addEventListener("abort", () => { port1.postMessage({ stop: "aborted" }); reject(new DOMException("aborted", "AbortError")); end(); });
  });
  core.port.postMessage(asked, [port2, ...(body.whole ? [body.whole.buffer] : [])]);
  if (stream) send(port1, stream, room);
  return answer;
}
