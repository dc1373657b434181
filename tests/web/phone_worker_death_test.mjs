// The worker of a service's host ends when nothing is asked of it for half a minute; the next request finds a way again.
// Playwright and DevTools keep workers alive. So the phone is paired with playwright, and then looked at by a browser of its own
// that nothing is attached to; its list of targets tells whether the worker lives.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { openPersistent } from "./browser.mjs";
import { openService, pairByCamera, serviceFrame, world } from "./phone_world.mjs";
import { serviceApp } from "./service_app.mjs";

const PAGE = `<!doctype html><title>Waiting</title><script>
  const socket = new WebSocket("/socket");  // is no business of the worker's once it is open
  socket.onopen = () => fetch("/waiting");
  socket.onmessage = async () => fetch("/after", { method: "POST", body: "woken" });
</script>`;

test("a service's worker that has ended is missed by nobody", async (t) => {
  const { folder, relay, office } = await world(t);
  const app = await serviceApp(t, { "/": (request, response) => response.setHeader("content-type", "text/html").end(PAGE) });
  await office.run("expose", "app", `http://127.0.0.1:${app.port}`);
  const profile = path.join(folder, "profile"), context = await openPersistent(profile), page = context.pages()[0];
  page.setDefaultTimeout(60_000);
  await pairByCamera(page, (await office.run("pair", "--link-only", "--allow", "files,app")).trim());
  await openService(page, "app");
  await serviceFrame(page);
  const { pathname } = new URL(page.url());
  await context.close();

  app.seen.length = 0;
  const chromium = spawn("/usr/bin/chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", `--user-data-dir=${profile}`, "--remote-debugging-port=0", relay.origin + pathname], { stdio: "ignore" });
  t.after(async () => { const ended = once(chromium, "exit"); chromium.kill(); await ended; });
  const portFile = path.join(profile, "DevToolsActivePort");
  await eventually(() => app.seen.some(({ url }) => url === "/waiting"), "the application is open in a browser of its own");
  const port = await eventually(() => existsSync(portFile) && readFileSync(portFile, "utf8").split("\n")[0], "its list of targets is there");
  const workers = async () => (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()).filter(({ type, url }) => type === "service_worker" && url.endsWith("/.drawbridge/worker.js")).map(({ id }) => id);
  const [first] = await eventually(async () => { const found = await workers(); return found.length && found; }, "the worker runs");
  const began = performance.now();
  await eventually(async () => !(await workers()).includes(first), "the worker has ended", 150);
  t.diagnostic(`the idle worker ended after ${Math.round((performance.now() - began) / 1000)} s`);
  const asked = performance.now();
  app.greet("wake up");
  await eventually(() => app.seen.some(({ url }) => url === "/after"), "the page's next request arrived");
  t.diagnostic(`the next request was answered by a new one after ${Math.round(performance.now() - asked)} ms`);
  assert.notDeepEqual(await workers(), [first]);
});
