// The first page of a service's host: it has the worker started, and then gives way to the service. In a tab of its own, where
// there is no bridge, it says where one is. docs/spec/phone.md, "Services".
import { say } from "./words.js";

const place = document.getElementById("page");
const shell = location.origin.replace(/\/\/s-[0-9a-f]{20}\./, "//shell.");
const label = location.hostname.split(".")[0];
const element = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text }, more);
const tell = (heading, text, ...more) => place.replaceChildren(element("h1", heading), element("p", text), ...more);

async function worker() {
  await navigator.serviceWorker.register("/.drawbridge/worker.js", { scope: "/", updateViaCache: "none" });
  if (!navigator.serviceWorker.controller) await new Promise((controlled) => navigator.serviceWorker.addEventListener("controllerchange", controlled, { once: true }));
  const { port1, port2 } = new MessageChannel();
  navigator.serviceWorker.controller.postMessage({ drawbridge: 1, kind: "begin" }, [port2]);
  await new Promise((begun) => { port1.onmessage = begun; });
}

// The place of the service that this page stands for. One that comes back here again and again is told so.
function go(to) {
  const own = location.pathname.startsWith("/.drawbridge/");
  if (own) return location.replace(to);
  const times = Number(sessionStorage.getItem("drawbridge again") ?? 0) + 1;
  sessionStorage.setItem("drawbridge again", String(times));
  if (times > 2) { sessionStorage.removeItem("drawbridge again"); return tell(say("unreachable"), say("unreachableText"), element("a", say("again"), { href: location.href, className: "button" })); }
  return location.reload();
}

// Everything that this host has kept on the phone.
async function clear() {
  sessionStorage.clear();
  localStorage.clear();
  for (const { name } of (await globalThis.indexedDB.databases?.()) ?? []) indexedDB.deleteDatabase(name);
  for (const name of await caches.keys()) await caches.delete(name);
  const root = await navigator.storage?.getDirectory?.().catch(() => null);
  if (root?.keys) for await (const name of root.keys()) await root.removeEntry(name, { recursive: true }).catch(() => {});
  for (const { name, path } of (await globalThis.cookieStore?.getAll()) ?? []) await cookieStore.delete({ name, path: path ?? "/" });
  for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
}

function hear(event) {
  if (event.source !== top || event.origin !== shell || event.data?.drawbridge !== 1) return;
  const { kind, to } = event.data;
  if (kind === "refused") tell(say("notOpen"), say("notOpenText"));
  if (kind === "go") worker().then(() => go(typeof to === "string" && /^\/(?!\/)/.test(to) ? to : "/"), () => tell(say("noWorker"), say("noWorkerText")));
  if (kind === "clear") clear().then(() => top.postMessage({ drawbridge: 1, kind: "cleared" }, shell), () => {});
}

function begin() {
  document.documentElement.lang = navigator.language;
  if (top === window) return tell(say("alone"), say("aloneText"), element("a", say("open"), { href: `${shell}/s/${label}`, className: "button" }));
  place.replaceChildren(element("p", say("opening")));
  addEventListener("message", hear);
  // The worker asks by its pages for a way to the office.
  navigator.serviceWorker?.addEventListener("message", ({ data, ports }) => {
    if (data?.drawbridge === 1 && data.kind === "need-core" && ports.length === 1) top.postMessage({ drawbridge: 1, kind: "core" }, shell, ports);
  });
  navigator.serviceWorker?.startMessages();
  return top.postMessage({ drawbridge: 1, kind: "ready" }, shell);
}

begin();
