// What goes wrong around a phone's page, in a real browser: codes that are none, storage that fails, a second tab, a new
// release, files that change meanwhile. The page says so in words, and nothing is lost.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { openBrowser, picture, sought } from "./browser.mjs";
import { changedRelease, newPhone, openFiles, pairByCamera, releaseOf, world } from "./phone_world.mjs";

const yes = (page) => page.getByRole("dialog").getByRole("button", { name: "Pair" }).click();

async function paste(page, text) {
  await page.getByRole("button", { name: "Paste a link" }).click();
  await page.getByRole("textbox", { name: "The pairing link" }).fill(text);
  await yes(page);
}

// What the vault holds of offices.
const rowsOf = (page) => page.evaluate(() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("drawbridge");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const asked = opening.result.transaction("rows").objectStore("rows").getAllKeys();
    asked.onsuccess = () => { opening.result.close(); resolve(asked.result.length); };
  };
}));

test("codes that are none", async (t) => {
  const { relay, office, invite } = await world(t);
  const browser = await openBrowser(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await page.goto(relay.origin);
  await page.getByText("Your office on this phone").waitFor();
  const before = await rowsOf(page);

  await t.test("texts of another kind are refused in words, without a question about a name", async () => {
    for (const text of ["https://example.org/menu", "WIFI:S:guests;T:WPA;P:secret;;", "javascript:alert(1)", "drawbridge:", "ü".repeat(100_000)]) {
      await paste(page, text);
      await page.getByText("This is no pairing link of Drawbridge.").waitFor();
      await page.getByText("This is no pairing link of Drawbridge.").evaluate((said) => said.remove());
    }
  });

  await t.test("a link that only looks like one is refused, too", async () => {
    for (const open of [() => paste(page, "https://example.org/#menu"), () => page.goto(`${relay.origin}/#menu`)]) {
      await open();
      await yes(page);
      await page.getByText(/^This (is no pairing link of Drawbridge|pairing link is damaged)/).waitFor();
      await page.reload();
      await page.getByText("Your office on this phone").waitFor();
    }
  });

  await t.test("an expired code leads to words that help", async () => {
    const link = await invite("--expires", "1s");
    const expired = Date.now() + 2000;
    await eventually(() => Date.now() > expired, "the code is old");
    await page.goto(link);
    await yes(page);
    await page.getByText("The office did not answer. The code may be used already or have expired").waitFor();
    await picture(page, "phone-expired");
  });

  await t.test("the camera goes on looking past a code of another kind", async () => {
    const link = await invite();
    const seeing = await newPhone(browser);
    // What a browser that reads codes itself has, and what the camera shows it one after another.
    await seeing.addInitScript((right) => {
      let looks = 0;
      globalThis.showRight = false;
      globalThis.BarcodeDetector = class { async detect() { looks += 1; return [{ rawValue: globalThis.showRight ? right : "https://example.org/menu" }]; } };
    }, link);
    await seeing.goto(relay.origin);
    await seeing.getByRole("button", { name: "Scan the code" }).click();
    await seeing.getByText("This is a code of another kind.").waitFor();
    await seeing.evaluate(() => { globalThis.showRight = true; });
    await yes(seeing);
    await seeing.getByRole("button", { name: "files" }).waitFor();
    assert.deepEqual(seeing.faults, []);
  });

  assert.equal(await rowsOf(page), before);
  assert.equal((await office.json("devices")).length, 1);
  assert.deepEqual(page.faults, []);
});

test("a code that was used, and clocks that are wrong", async (t) => {
  const { invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());

  await t.test("a code lets the first phone in, and tells the second one what may be so", async () => {
    const link = await invite();
    await pairByCamera(await newPhone(browser), link);
    const second = await newPhone(browser);
    await second.goto(link);
    await yes(second);
    await second.getByText("The office did not answer. The code may be used already").waitFor();
  });

  for (const [what, days] of [["a day ahead", 1], ["a day behind", -1], ["in 1970", -20_000]]) {
    await t.test(`a phone whose clock is ${what} pairs and works`, async () => {
      const page = await newPhone(browser);
      await page.addInitScript((shift) => { const { now } = Date; Date.now = () => Math.max(1, now() + shift); }, days * 86_400_000);
      await pairByCamera(page, await invite("--name", `clock ${what}`));
      await openFiles(page);
      await page.reload();
      await page.getByText("contract.txt").waitFor();
    });
  }
});

/** A relay's bytes on their way to whoever is connected, of which one in so many pieces has a bit changed. */
function tampering(t, port, { every }) {
  let changed = 0;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let pieces = 0;
    far.on("data", (piece) => {
      pieces += 1;
      // Not the answer to the upgrade: a page that does not load shows nothing.
      if (server.tampers && pieces > 2 && pieces % every === 0 && piece.length > 64) {
        piece[32 + Math.floor(Math.random() * (piece.length - 32))] ^= 1 << Math.floor(Math.random() * 8);
        changed += 1;
      }
      near.write(piece);
    });
    near.on("data", (piece) => far.write(piece));
    for (const [one, other] of [[near, far], [far, near]]) one.on("error", () => other.destroy()).on("close", () => other.destroy());
  });
  t.after(() => server.close());
  return new Promise((listening) => {
    server.listen(0, "127.0.0.1", () => listening({ port: server.address().port, begin: () => { server.tampers = true; }, end: () => { server.tampers = false; }, changed: () => changed }));
  });
}

test("a relay that tampers with what it forwards", async (t) => {
  const { relay, office, files, invite } = await world(t);
  const content = randomBytes(20_000_000);
  writeFileSync(path.join(files, "ledger.bin"), content);
  const between = await tampering(t, relay.port, { every: 20 });
  await office.run("relay", "remove", relay.url);
  await office.run("relay", "add", relay.url.replace(`:${relay.port}`, `:${between.port}`));
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, (await invite()).replace(/^drawbridge:/, `${relay.origin}/`).replace(/:\d+\/#/, `:${relay.port}/#`));
  await openFiles(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  between.begin();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("ledger.bin").click()]);
  const received = readFileSync(await download.path());
  between.end();
  assert.ok(received.equals(content), "every byte is the office's");
  assert.ok(between.changed() >= 5, `only ${between.changed()} pieces were changed`);
  t.diagnostic(`${between.changed()} pieces were changed`);
});

test("two tabs, and a film", async (t) => {
  const { relay, files, invite } = await world(t);
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=120", "-c:v", "libvpx", "-g", "10",
    "-b:v", "1M", "-deadline", "realtime", "-cpu-used", "8", path.join(files, "visit.webm")]);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const first = await newPhone(browser);
  await pairByCamera(first, await invite());
  await first.evaluate(() => navigator.serviceWorker.ready);

  await t.test("a film is shown by the worker, and seeking asks for the part that is wanted", async () => {
    await openFiles(first);
    const ranges = [];
    first.on("request", (request) => { if (request.headers().range) ranges.push(request.headers().range); });
    await first.getByText("visit.webm").click();
    const shown = await sought(first.locator("video"), 100);
    assert.ok(Math.abs(shown - 100) < 1, `at ${shown} s`);
    assert.ok(ranges.some((range) => Number(/^bytes=(\d+)-/.exec(range)?.[1]) > 0), ranges.join());
    await picture(first, "phone-film");
    await first.getByRole("button", { name: "Close" }).click();
  });

  await t.test("the second tab may take over, the first says so and may take it back", async () => {
    const second = await first.context().newPage();
    second.setDefaultTimeout(60_000);
    await second.goto(relay.origin);
    await second.getByText("Drawbridge is open in another tab.").waitFor();
    await first.getByText("contract.txt").waitFor();
    await second.getByRole("button", { name: "Use it here" }).click();
    await openFiles(second);
    await first.getByText("Drawbridge is open in another tab.").waitFor();
    // The worker asks both; only the tab that has the core answers.
    for (const page of [second, first]) {
      const answer = await page.evaluate(async (place) => (await fetch(place)).text(), `${new URL(second.url()).pathname}contract.txt`);
      assert.equal(answer, "signed\n");
    }
    await first.goBack();
    await first.getByText("Drawbridge is open in another tab.").waitFor();
    await picture(first, "phone-elsewhere");
    await first.getByRole("button", { name: "Use it here" }).click();
    await openFiles(first);
    await second.getByText("Drawbridge is open in another tab.").waitFor();
    await second.close();
  });
  assert.deepEqual(first.faults, []);
});

test("storage that fails", async (t) => {
  const { relay, files, invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());

  await t.test("a browser that keeps nothing is told so", async () => {
    for (const refuse of [() => { indexedDB.open = () => { throw new DOMException("no", "SecurityError"); }; },
      () => { indexedDB.open = () => { const asked = new EventTarget(); setTimeout(() => { asked.error = new DOMException("no", "UnknownError"); asked.onerror(); }); return asked; }; }]) {
      const page = await newPhone(browser);
      await page.addInitScript(refuse);
      await page.goto(relay.origin);
      await page.getByText("This browser gives the page no storage.").waitFor();
      assert.deepEqual(page.faults, []);
    }
  });

  await t.test("full while pairing: no office is kept, and words", async () => {
    const page = await newPhone(browser);
    await page.addInitScript(() => {
      const { put } = IDBObjectStore.prototype;
      globalThis.full = false;
      IDBObjectStore.prototype.put = function (...values) { if (globalThis.full) throw new DOMException("full", "QuotaExceededError"); return put.apply(this, values); };
    });
    await page.goto(relay.origin);
    await page.getByText("Your office on this phone").waitFor();
    await page.evaluate(() => { globalThis.full = true; });
    await paste(page, await invite());
    await yes(page);
    await page.getByText(/This browser keeps nothing|Pairing failed/).waitFor();
    await picture(page, "phone-full");
    await page.reload();
    await page.getByText("Your office on this phone").waitFor();
    await page.context().close();
  });

  const page = await newPhone(browser);
  await pairByCamera(page, await invite());
  const tools = await page.context().newCDPSession(page);
  const evict = () => tools.send("Storage.clearDataForOrigin", { origin: relay.origin, storageTypes: "indexeddb,cache_storage,service_workers,local_storage" });

  await t.test("evicted while the page was closed: a new phone, that pairs again", async () => {
    await page.goto("about:blank");
    await evict();
    await page.goto(relay.origin);
    await page.getByText("Your office on this phone").waitFor();
    await pairByCamera(page, await invite());
    await openFiles(page);
  });

  await t.test("evicted while it is open: it begins anew by itself", async () => {
    await evict();
    await page.getByText("Your office on this phone").waitFor();
    await pairByCamera(page, await invite());
    await openFiles(page);
  });

  await t.test("a file that is deleted at the office meanwhile", async () => {
    writeFileSync(path.join(files, "notes.txt"), "gone soon\n");
    writeFileSync(path.join(files, "archive.zip"), "PK");
    await page.reload();
    await page.getByText("archive.zip").waitFor();
    for (const name of ["notes.txt", "archive.zip"]) rmSync(path.join(files, name));
    await page.getByText("notes.txt").click();
    await page.getByText("This is no longer here.").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.getByText("archive.zip").click();
    await page.getByText("This is no longer here.").waitFor();
    assert.ok(page.url().endsWith("/files/"), page.url());
    await page.getByText("contract.txt").waitFor();
  });

});

test("a new release of the page", async (t) => {
  const { folder, relay, invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  const old = releaseOf(relay.page);
  await pairByCamera(page, await invite());
  await openFiles(page);
  await page.goto(relay.origin);
  await page.getByText("relayed by Ann, FR").waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready);
  const serve = async (release) => { await relay.stop("SIGKILL"); relay.page = release; await relay.start(); };
  const shown = async () => {
    await page.getByRole("button", { name: "About this page" }).click();
    const hash = await page.locator("dialog .hash").first().textContent();
    await page.getByRole("button", { name: "Close" }).click();
    return hash.replaceAll(" ", "");
  };
  const look = () => page.evaluate(async () => { await (await navigator.serviceWorker.getRegistration()).update().catch(() => {}); });
  const caches = () => page.evaluate(() => globalThis.caches.keys());

  await t.test("one whose files are not what its worker was told is refused", async () => {
    await serve(changedRelease(path.join(folder, "forged"), { honest: false }));
    await look();
    await eventually(() => page.evaluate(async () => { const one = await navigator.serviceWorker.getRegistration(); return !one.installing && !one.waiting; }), "it is refused");
    await page.reload();
    await page.getByRole("button", { name: "files" }).waitFor();
    assert.equal(await shown(), old);
    assert.equal(await page.getByText("A new version of this page is there.").count(), 0);
    await eventually(async () => (await caches()).join() === `drawbridge ${old}`, "nothing of it is kept");
  });

  await t.test("is announced, waits for the person, and is used then", async () => {
    const fresh = changedRelease(path.join(folder, "fresh"));
    await serve(fresh);
    await look();
    await page.getByText("A new version of this page is there.").waitFor();
    await picture(page, "phone-update");
    assert.equal(await shown(), old);
    await page.reload();
    await page.getByText("A new version of this page is there.").waitFor();
    assert.equal(await shown(), old);
    await page.getByRole("button", { name: "Use it now" }).click();
    await eventually(async () => (await page.evaluate(() => document.querySelector("meta[name=release]").content).catch(() => "")) === releaseOf(fresh), "the new release runs");
    await page.getByRole("button", { name: "files" }).waitFor();
    assert.equal(await shown(), releaseOf(fresh));
    assert.deepEqual(await caches(), [`drawbridge ${releaseOf(fresh)}`]);
  });
});
