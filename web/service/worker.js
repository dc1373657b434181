// The worker of a service's host: every request of the service's pages goes to the office by the phone's page. It keeps no
// state: browsers end it when it is idle. scripts/build-phone puts its modules into one script.
import { corePort, forgetPort } from "./core_port.js";
import { exchange, visibleCookies } from "./exchange.js";
import { injecting } from "./injection.js";
import { movedLocation, passedHeaders } from "./policy.js";
import { failurePage, signInPage } from "./words.js";

const release = "@RELEASE@", cacheName = `drawbridge service ${release}`;
const own = "/.drawbridge/", index = `${own}index.html`;
const files = [index, `${own}boot.js`, `${own}words.js`, `${own}shim.js`, `${own}service.css`];
const shell = location.origin.replace(/\/\/s-[0-9a-f]{20}\./, "//shell.");
const upstream = "http://service.localhost";  // what the page moves the service's own addresses to

addEventListener("install", (event) => event.waitUntil(keepFiles().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(takeOver()));
addEventListener("message", (event) => {
  if (event.data?.drawbridge !== 1 || event.ports.length !== 1) return;
  if (event.data.kind === "begin") { forgetPort(); event.ports[0].postMessage("begun"); }
  if (event.data.kind === "socket") event.waitUntil(passSocket(event.data, event.ports[0]));
});
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (files.includes(url.pathname)) event.respondWith(kept(url.pathname));
  else if (url.pathname === `${own}download`) event.respondWith(download(url));
  else if (url.pathname === `${own}sign-in`) event.respondWith(signIn(request));
  else if (!url.pathname.startsWith(own)) event.respondWith(bring(request, url.pathname + url.search));
});

async function keepFiles() {
  const cache = await caches.open(cacheName);
  await cache.addAll(files.map((file) => new Request(file, { cache: "no-cache" })));
}

async function takeOver() {
  for (const key of await caches.keys()) if (key.startsWith("drawbridge service ") && key !== cacheName) await caches.delete(key);
  await clients.claim();
}

const kept = async (path) => (await (await caches.open(cacheName)).match(path)) ?? fetch(path);

const ownPage = (address) => { try { return new URL(address).origin === location.origin; } catch { return address === "" || address === "about:client"; } };

async function bring(request, target) {
  const page = request.mode === "navigate";
  // A tab of its own has no bridge; and a page of elsewhere may open one, but not by that act at the office.
  if (page && request.destination === "document") return kept(index);
  if (page && request.method !== "GET" && !ownPage(request.referrer)) return failurePage("notFollowed", "/");
  const core = await corePort();
  if (!core) return page && request.method === "GET" ? kept(index) : lost(page, target);
  try {
    return answered(await exchange(core, request, target), request, target);
  } catch (error) {
    if (error.name === "AbortError") return Response.error();
    return lost(page, target);
  }
}

const lost = (page, target) => (page ? failurePage("unreachable", target) : Response.error());

const headerOf = (headers, name) => headers.find(([key]) => key === name)?.[1] ?? "";
const bodiless = (request, status) => request.method === "HEAD" || status === 204 || status === 205 || (status >= 300 && status < 400);

function answered({ status, headers: told, body, asked }, request, target) {
  const page = request.mode === "navigate", realm = /^basic(?:\s.*?realm="?([^",]*))?/i.exec(headerOf(told, "www-authenticate"));
  if (status === 401 && page && realm) { body.cancel().catch(() => {}); return signInPage(realm[1] ?? "", request.method === "GET" ? target : "/", asked); }
  const nonce = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))), shim = `${location.origin}${own}shim.js`;
  const headers = passedHeaders(told, { shell, shim, nonce });
  const location_ = headerOf(told, "location") && movedLocation(headerOf(told, "location"), target, location.origin, upstream);
  if (location_) headers.set("location", location_);
  if (status < 200 || status > 599) throw new Error("not a status");
  if (bodiless(request, status)) { body.cancel().catch(() => {}); return new Response(null, { status, headers }); }
  let content = decoded(body, headerOf(told, "content-encoding"));
  const type = headers.get("content-type") ?? "", html = page && /^(text\/html|application\/xhtml\+xml)\b/i.test(type) && !/utf-16/i.test(type);
  if (html) content = content.pipeThrough(injecting(`<script nonce="${nonce}" src="${shim}"></script>`));
  else if (content === body && headerOf(told, "content-length")) headers.set("content-length", headerOf(told, "content-length"));
  return new Response(content, { status, headers });
}

function decoded(body, encoding) {
  const coding = encoding.trim().toLowerCase();
  if (!coding || coding === "identity") return body;
  return body.pipeThrough(new DecompressionStream(coding.replace(/^x-/, "")));  // throws for one that nobody asked for
}

// What an <a download> names: kept as a file under the name that the link or the office gives.
async function download(url) {
  const target = url.searchParams.get("to") ?? "", name = url.searchParams.get("name") ?? "";
  if (!/^\/(?!\/)/.test(target)) return Response.error();
  const answer = await bring(new Request(target), target);
  if (!answer.ok) return new Response(null, { status: 204 });
  const headers = new Headers(answer.headers), given = /filename\*?=/i.test(headers.get("content-disposition") ?? "");
  if (!given) headers.set("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(name || target.split("?")[0].split("/").at(-1)).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`)}`);
  else headers.set("content-disposition", headers.get("content-disposition").replace(/^\s*[^;]*/, "attachment"));
  return new Response(answer.body, { status: 200, headers });
}

async function signIn(request) {
  const form = request.method === "POST" && ownPage(request.referrer) ? await request.formData() : null, to = String(form?.get("to") ?? "/"), core = form && (await corePort());
  if (!core) return lost(true, "/");
  core.port.postMessage({ kind: "sign-in", user: String(form.get("user") ?? ""), password: String(form.get("password") ?? "") });
  return Response.redirect(new URL(/^\/(?!\/)/.test(to) ? to : "/", location.origin).href, 303);
}

// A page's WebSocket: its port goes on to the phone's page, with the cookies that scripts see.
async function passSocket(data, port) {
  const core = await corePort();
  if (!core) return port.postMessage({ failed: true });
  const { target, protocols } = data;
  return core.port.postMessage({ kind: "socket", target, protocols, cookies: await visibleCookies(target) }, [port]);
}
