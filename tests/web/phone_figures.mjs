// Figures of the phone's page for docs/PERFORMANCE.md: DRAWBRIDGE_BUILD=build node --test tests/web/phone_figures.mjs
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { openBrowser } from "./browser.mjs";
import { newPhone, openFiles, pairByCamera, world } from "./phone_world.mjs";

const LINE = { offline: false, latency: 40, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };
const FREE = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };

test("figures of the phone's page", async (t) => {
  const { files, relay, invite } = await world(t);
  for (let part = 0; part < 4; part += 1) writeFileSync(path.join(files, "big.bin"), randomBytes(60e6), { flag: "a" });
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  const tools = await page.context().newCDPSession(page);
  await tools.send("Network.enable");
  await tools.send("Network.emulateNetworkConditions", LINE);
  let bytes = 0;
  tools.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
  const cold = performance.now();
  await page.goto(relay.origin);
  await page.getByText("Your office on this phone").waitFor();
  t.diagnostic(`cold start to the first page, 40 ms and 10 Mbit/s: ${Math.round(performance.now() - cold)} ms, ${bytes} bytes`);
  await tools.send("Network.emulateNetworkConditions", FREE);
  await pairByCamera(page, await invite());
  await openFiles(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const warm = performance.now();
  await page.reload();
  await page.getByText("contract.txt").waitFor();
  t.diagnostic(`warm start to the list: ${Math.round(performance.now() - warm)} ms`);
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
});
