// The phone's service worker: keeps the page's files, so that it opens without a network, and brings addresses of an office,
// /f/…, to the page that holds the bridge. It keeps no state: a browser ends it whenever it likes.
const release = "@RELEASE@", files = JSON.parse('@FILES@');  // {"/v/…/app.js": SHA-256 in hexadecimal}
const cacheName = `drawbridge ${release}`;
const patience = 8000;

addEventListener("install", (event) => event.waitUntil(keepFiles().catch(async (error) => { await caches.delete(cacheName); throw error; })));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("message", ({ data }) => { if (data === "take over") skipWaiting(); });

// Every file is what this release says it is, or the release is not installed.
async function keepFiles() {
  const cache = await caches.open(cacheName);
  await Promise.all(Object.entries(files).map(async ([url, wanted]) => {
    const answer = await fetch(url, { cache: url === "/" ? "no-store" : "default" });
    const digest = await crypto.subtle.digest("SHA-256", await answer.clone().arrayBuffer());
    const found = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (!answer.ok || found !== wanted) throw new Error(`${url} is not of this release`);
    await cache.put(url, answer);
  }));
}

async function takeOver() {
  for (const key of await caches.keys()) if (key.startsWith("drawbridge ") && key !== cacheName) await caches.delete(key);
  await clients.claim();
}

addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  const place = url.pathname.startsWith("/f/"), page = url.pathname === "/" || url.pathname.startsWith("/s/");
  const whole = place && event.request.mode === "navigate" && event.request.destination === "document" && url.pathname.endsWith("/");
  if (page || whole) event.respondWith(kept("/"));
  else if (place) event.respondWith(bring(event.request, url));
  else if (url.pathname in files) event.respondWith(kept(url.pathname));
});

async function kept(path) {
  return (await (await caches.open(cacheName)).match(path)) ?? fetch(path);
}

// --- what an office has ---------------------------------------------------------------------------------------------------

// Of an office nothing may run here: this origin holds the keys.
const harmless = /^(image\/|audio\/|video\/|font\/|text\/plain\b|application\/(pdf|json)\b)/;
const dropped = ["set-cookie", "connection", "keep-alive", "transfer-encoding", "content-security-policy", "content-security-policy-report-only", "clear-site-data",
  "service-worker-allowed", "strict-transport-security", "refresh", "link", "location", "report-to", "nel", "x-frame-options", "cross-origin-embedder-policy"];

function safeHeaders(told) {
  const headers = new Headers();
  for (const [name, value] of told) if (!dropped.includes(name)) headers.append(name, value);
  const type = headers.get("content-type") ?? "";
  if (!harmless.test(type)) { headers.set("content-type", "application/octet-stream"); headers.set("content-disposition", "attachment"); }
  // A browser's own viewer of PDFs, which a sandbox would keep out.
  headers.set("content-security-policy", type.startsWith("application/pdf") ? "script-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    : "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; frame-ancestors 'self'");
  headers.set("x-content-type-options", "nosniff");
  headers.set("cross-origin-resource-policy", "same-origin");
  headers.set("cache-control", "no-store");
  return headers;
}

// Of a download that does not come, the page tells; the browser stays where it is.
const stay = () => new Response(null, { status: 204 });
const failed = (status, text) => new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } });

const carried = ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "accept"];

async function bring(request, url) {
  if (!["GET", "HEAD"].includes(request.method)) return failed(405, "The page itself asks for changes.");
  const headers = carried.filter((name) => request.headers.has(name)).map((name) => [name, request.headers.get(name)]);
  const asked = { kind: "fetch", url: url.pathname + url.search, method: request.method, headers, download: request.mode === "navigate" && request.destination === "document" };
  const pages = (await clients.matchAll({ type: "window", includeUncontrolled: true })).filter((client) => client.frameType === "top-level");
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(failed(503, "The page that holds the bridge is not open.")), patience);
    if (!pages.length) resolve(failed(503, "The page that holds the bridge is not open."));
    for (const page of pages) ask(page, asked, (answer) => { clearTimeout(timer); resolve(answer); });
  });
}

// Only the page that has the core answers; others stay silent. It may be ahead by what it has been given credit for: what the
// browser has taken out of the stream.
function ask(page, asked, answered) {
  const { port1, port2 } = new MessageChannel();
  const queued = 256 * 1024;
  let control = null, received = 0, credited = 0;
  const body = new ReadableStream({
    start: (controller) => { control = controller; },
    pull: () => {
      const taken = received - (queued - control.desiredSize) - credited;
      if (taken > 0) { credited += taken; port1.postMessage({ taken }); }
    },
    cancel: () => { port1.postMessage({ stop: true }); port1.close(); },
  }, new ByteLengthQueuingStrategy({ highWaterMark: queued }));
  port1.onmessage = ({ data }) => {
    if (data.status) return answered(response(asked, data, body));
    if (data.bytes) { received += data.bytes.length; return control.enqueue(data.bytes); }
    if (data.end) control.close();
    else { answered(asked.download ? stay() : failed(502, "The office cannot be reached just now.")); control.error(new Error(data.failed)); }
    return port1.close();
  };
  page.postMessage(asked, [port2]);
}

function response(asked, { status, headers }, body) {
  const bodiless = asked.method === "HEAD" || [204, 205, 304].includes(status);
  if (asked.download && status >= 400) return stay();
  const redirected = status >= 300 && status < 400 && status !== 304;  // where to, the page decides
  return redirected ? failed(404, "This has moved.") : new Response(bodiless ? null : body, { status, headers: safeHeaders(headers) });
}
