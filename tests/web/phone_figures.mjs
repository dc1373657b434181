// Figures of the phone's page for docs/PERFORMANCE.md, over natlab's lines (needs root): DRAWBRIDGE_BUILD=build node --test tests/web/phone_figures.mjs
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { hashOf } from "./bridge.mjs";
import { Lab } from "./lab.mjs";
import { newPhone, openFiles, pairByCamera, world } from "./phone_world.mjs";

const rounds = 5;

/** Milliseconds until `shown`, and the bytes that came over the network. */
async function start(page, act, shown) {
  const tools = await page.context().newCDPSession(page);
  await tools.send("Network.enable");
  let bytes = 0;
  tools.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  const began = performance.now();
  await act();
  await page.getByText(shown).first().waitFor();
  const took = Math.round(performance.now() - began);
  await tools.detach();
  return { took, bytes };
}

/** The page and its worker are gone from this browser; what the phone's vault keeps is not. */
async function forgetPage(page, origin) {
  await page.goto("about:blank");
  const tools = await page.context().newCDPSession(page);
  await tools.send("Storage.clearDataForOrigin", { origin, storageTypes: "service_workers,cache_storage" });
  await tools.send("Network.clearBrowserCache");
  await tools.detach();
}

/** What the browser's processes hold of their own, in MB. */
function memoryOf(lab) {
  const held = (id) => { try { return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0); } catch { return 0; } };
  return Math.round(lab.pids("laptop").reduce((sum, id) => sum + held(id), 0) / 1024);
}

/** As a person does it: a click on the file. */
async function downloaded(page, lab, name) {
  const before = memoryOf(lab);
  let most = before;
  const watching = setInterval(() => { most = Math.max(most, memoryOf(lab)); }, 500);
  const began = performance.now();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText(name).click()]);
  const file = await download.path(), seconds = (performance.now() - began) / 1000;
  clearInterval(watching);
  return { file, seconds, before, most, after: memoryOf(lab) };
}

test("figures of the phone's page", async (t) => {
  const lab = new Lab(t);
  const { files, relay, invite } = await world(t, "", lab);
  for (let part = 0; part < 10; part += 1) writeFileSync(path.join(files, "big.bin"), randomBytes(50e6), { flag: "a" });
  const page = await newPhone(await lab.openBrowser(t));
  const slow = () => lab.run("delay", "laptop", "20", "--rate", "10000"), fast = () => lab.run("clear", "laptop");
  slow();
  const first = await start(page, () => page.goto(relay.origin), "Your office on this phone");
  t.diagnostic(`cold start to the first page, 40 ms and 10 Mbit/s: ${first.took} ms, ${first.bytes} bytes`);
  fast();
  await pairByCamera(page, await invite());
  await openFiles(page);
  const place = page.url();
  for (let round = 0; round < rounds; round += 1) {
    await forgetPage(page, relay.origin);
    slow();
    const { took, bytes } = await start(page, () => page.goto(place), "contract.txt");
    t.diagnostic(`cold start to the list of files, 40 ms and 10 Mbit/s: ${took} ms, ${bytes} bytes`);
    fast();
  }
  await page.evaluate(() => navigator.serviceWorker.ready);
  for (let round = 0; round < rounds; round += 1) {
    const { took } = await start(page, () => page.reload(), "contract.txt");
    t.diagnostic(`warm start to the list: ${took} ms`);
  }
  // From the finger's end to what is drawn next, as the browser measures it.
  await page.evaluate(() => {
    globalThis.reactions = [];
    new PerformanceObserver((list) => { for (const one of list.getEntries()) if (one.name === "click") globalThis.reactions.push(one.duration); }).observe({ type: "event", durationThreshold: 16 });
  });
  for (let round = 0; round < rounds; round += 1) {
    await page.getByRole("link", { name: "contract.txt" }).click();
    await page.getByText("signed").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("link", { name: "Letters" }).click();
    await page.getByText("This folder is empty.").waitFor();
    await page.getByRole("navigation").getByText("files").click();
    await page.getByRole("link", { name: "contract.txt" }).waitFor();
  }
  const reactions = await page.evaluate(() => globalThis.reactions.sort((a, b) => a - b));
  t.diagnostic(`${4 * rounds} clicks: ${reactions.length} took 16 ms or more until something was drawn, the longest ${Math.round(reactions.at(-1) ?? 0)} ms`);
  t.diagnostic(await page.evaluate(async () => {
    const gaps = [];
    let last = performance.now();
    const timer = setInterval(() => { gaps.push(performance.now() - last); last = performance.now(); }, 10);
    const began = performance.now(), reader = (await fetch(`${location.pathname}big.bin`)).body.getReader();
    let total = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) total += part.value.length;
    clearInterval(timer);
    return `download by the worker: ${(total / (performance.now() - began) / 1000).toFixed(1)} MB/s, longest stall ${Math.max(...gaps).toFixed(0)} ms, heap ${(performance.memory.usedJSHeapSize / 1e6).toFixed(0)} MB`;
  }));
  const { file, seconds, before, most, after } = await downloaded(page, lab, "big.bin");
  assert.equal(await hashOf(file), await hashOf(path.join(files, "big.bin")));
  t.diagnostic(`500 MB kept as a file: ${(500 / seconds).toFixed(1)} MB/s, the browser's memory ${before} MB before, ${most} at most, ${after} after`);
});
