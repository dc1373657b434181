// The way to the office: a MessagePort whose other end the phone's page holds. The worker keeps none for long, since browsers
// end it when it is idle; its pages bring it a new one.
import { speak } from "./words.js";

const fresh = 1000, patience = 4000;  // ms: heard of so lately, it lives; so long a page may take
const clientsMost = 20;
let core = null, asking = null;

const told = (port, wanted, ms) => new Promise((resolve) => {
  const timer = setTimeout(() => resolve(null), ms);
  port.addEventListener("message", function heard({ data }) {
    if (data?.kind !== wanted) return;
    clearTimeout(timer);
    port.removeEventListener("message", heard);
    resolve(data);
  });
});

function keep(port) {
  const kept = { port, heard: performance.now() };
  port.addEventListener("message", ({ data }) => {
    kept.heard = performance.now();
    if (data?.kind === "gone" && core === kept) core = null;
  });
  port.addEventListener("close", () => { if (core === kept) core = null; });
  return kept;
}

// A page that begins anew: what was kept may belong to one that is gone.
export const forgetPort = () => { core = null; };

// The first page that reaches the bridge.
async function askPages() {
  const pages = (await clients.matchAll({ type: "window", includeUncontrolled: true })).slice(0, clientsMost);
  const tries = pages.map(async (page) => {
    const { port1, port2 } = new MessageChannel();
    port1.start();
    const answered = told(port1, "core", patience);
    page.postMessage({ drawbridge: 1, kind: "need-core" }, [port2]);
    const began = await answered;
    if (!began) { port1.close(); throw new Error("no bridge"); }
    speak(began.language);
    return port1;
  });
  const port = await Promise.any(tries).catch(() => null);
  core = port && keep(port);
  return core;
}

// {port}, or null: no page that reaches it is open.
export async function corePort() {
  if (core && performance.now() - core.heard < fresh) return core;
  if (core) {
    const { port } = core, answered = told(port, "pong", 1500);
    port.postMessage({ kind: "ping" });
    if (await answered) return core ?? corePort();
    core = null;
  }
  asking ??= askPages().finally(() => { asking = null; });
  return asking;
}
