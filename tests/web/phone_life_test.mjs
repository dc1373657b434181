// What a phone lives through, in a real browser: transfers that are cut, files that shrink, being put away and taken out again, a
// second office, sharing.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { Node, eventually, hashOf } from "./bridge.mjs";
import { openBrowser, picture } from "./browser.mjs";
import { newPhone, openFiles, pairByCamera, world } from "./phone_world.mjs";

test("transfers that are cut", async (t) => {
  const { folder, relay, files, invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, await invite());
  await openFiles(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const choose = (file) => page.locator("input[type=file][multiple]").setInputFiles(file);
  const sending = (name) => page.locator(`progress[aria-label="${name}"]:not([hidden])`);

  await t.test("an upload goes on by itself when the relay is back", async () => {
    const film = path.join(folder, "film.mp4");
    writeFileSync(film, randomBytes(120_000_000));
    await choose(film);
    await sending("film.mp4").waitFor();
    await relay.stop("SIGKILL");
    await relay.start();
    await page.getByText("Uploads finished").waitFor();
    assert.equal(await hashOf(path.join(files, "film.mp4")), await hashOf(film));
  });

  await t.test("an upload goes on where it was when the page was closed and the file is chosen again", async () => {
    const scans = path.join(folder, "scans.pdf");
    writeFileSync(scans, randomBytes(200_000_000));
    const offsets = [];
    await page.exposeFunction("offsetTold", (offset) => offsets.push(Number(offset)));
    await page.addInitScript(() => {
      const { get } = Headers.prototype;
      Headers.prototype.get = function told(name) {
        const value = get.call(this, name);
        if (name === "Upload-Offset" && value !== null) globalThis.offsetTold(value);
        return value;
      };
    });
    await choose(scans);
    // The office keeps what it has told of: a piece is over.
    await eventually(async () => (await sending("scans.pdf").getAttribute("value")) > 0.25, "a quarter is sent");
    await page.reload();
    await page.getByText("contract.txt").waitFor();
    assert.ok(!existsSync(path.join(files, "scans.pdf")), "it is not there half");
    await choose(scans);
    await page.getByText("Uploads finished").waitFor();
    assert.equal(await hashOf(path.join(files, "scans.pdf")), await hashOf(scans));
    assert.ok(offsets[0] >= 32 * 1024 * 1024, `it went on at ${offsets[0]}`);
  });

  await t.test("a file that shrinks while it is fetched is not taken for whole, and words say so", async () => {
    const big = path.join(files, "archive.zip");
    writeFileSync(big, randomBytes(400_000_000));
    await page.reload();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("archive.zip").click()]);
    truncateSync(big, 1_000_000);
    await page.getByText("“archive.zip” did not arrive whole").waitFor();
    assert.notEqual(await download.failure(), null);
    await picture(page, "phone-download-broken");
  });

  await t.test("a file goes to the share sheet, and one that is too large does not", async () => {
    // Chromium has no share sheet on a desktop: what the page hands over is looked at in its place.
    await page.addInitScript(() => {
      navigator.canShare = ({ files: [file] }) => file instanceof File;
      navigator.share = async ({ files: [file] }) => { globalThis.shared = [file.name, file.type, await file.text()]; };
    });
    await page.reload();
    const more = (name) => page.getByRole("button", { name: `More actions for ${name}` }).click();
    await more("contract.txt");
    await page.getByRole("dialog").getByRole("button", { name: "Share" }).click();
    const shared = await eventually(() => page.evaluate(() => globalThis.shared), "it was handed over");
    assert.deepEqual(shared, ["contract.txt", "text/plain; charset=utf-8", "signed\n"]);
    await more("film.mp4");
    await page.getByRole("dialog").getByRole("button", { name: "Share" }).click();
    await page.getByText("This file is too large to share").waitFor();
  });
});

test("a phone that is put away", async (t) => {
  const { relay, office, files, invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, await invite());
  await openFiles(page);
  // A phone stops the processes of pages that nobody looks at.
  const system = await browser.newBrowserCDPSession();
  const signalPages = async (name) => {
    const { processInfo } = await system.send("SystemInfo.getProcessInfo");
    for (const { type, id } of processInfo) if (type === "renderer") process.kill(id, name);
  };
  const takenOut = async (name) => {
    await signalPages("SIGCONT");
    const began = performance.now();
    await eventually(async () => {
      await page.getByRole("navigation").getByText("files").click();
      return page.getByText(name).isVisible();
    }, `${name} is in the list`);
    return Math.round(performance.now() - began);
  };

  await t.test("is there again when it is taken out, though the relay was restarted meanwhile", async () => {
    await signalPages("SIGSTOP");
    await relay.stop("SIGKILL");
    await relay.start();
    await eventually(async () => (await office.json("relay", "list"))[0].state === "ready", "the office is at the relay again");
    writeFileSync(path.join(files, "meanwhile.txt"), "new\n");
    t.diagnostic(`the new list ${await takenOut("meanwhile.txt")} ms after it was taken out, with the relay restarted`);
  });

  await t.test("goes on where it was when nothing happened", async () => {
    await signalPages("SIGSTOP");
    writeFileSync(path.join(files, "later.txt"), "new\n");
    await eventually(async () => (await office.json("status")).peers[0].echo_age_ms > 6000, "the office has not heard of it for a while");
    t.diagnostic(`the new list ${await takenOut("later.txt")} ms after it was taken out`);
  });
});

test("a phone with two offices", async (t) => {
  const { folder, relay, office, invite } = await world(t);
  const archive = path.join(folder, "archive");
  mkdirSync(archive);
  writeFileSync(path.join(archive, "minutes.txt"), "old\n");
  const other = new Node(t, folder, "Town hall");
  await other.init();
  await other.start();
  await other.run("relay", "add", relay.url);
  await other.run("expose", "files", `folder:${archive}`);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  const card = (name) => page.getByRole("region", { name });
  await pairByCamera(page, await invite());
  await page.goto((await other.run("pair", "--link-only", "--allow", "files")).trim());
  await page.getByRole("dialog").getByRole("button", { name: "Pair" }).click();

  await t.test("shows each one's services, which may have the same name", async () => {
    await card("Town hall").getByRole("button", { name: "files" }).click();
    await page.getByText("minutes.txt").waitFor();
    // A page that has just begun blames nobody yet.
    await page.addInitScript(() => {
      globalThis.blamed = [];
      new MutationObserver(() => { for (const line of document.querySelectorAll("[data-state=offline]")) globalThis.blamed.push(line.textContent); }).observe(document, { subtree: true, childList: true, attributes: true });
    });
    await page.goto(relay.origin);
    for (const name of ["Town hall", "Office"]) await card(name).getByText(`Connected to ${name}`).waitFor();
    assert.deepEqual(await page.evaluate(() => globalThis.blamed), []);
    await picture(page, "phone-two-offices");
    await card("Office").getByRole("button", { name: "files" }).click();
    await page.getByText("contract.txt").waitFor();
    assert.equal(await page.getByText("minutes.txt").count(), 0);
  });

  await t.test("says of each how it is: one is off, the other goes on", async () => {
    await page.goto(relay.origin);
    await other.stop();
    await card("Town hall").getByText(/is off or unreachable, or this phone is no longer allowed\. Ask the office\. Not reached since .*\d\d:\d\d/).waitFor();
    await card("Office").getByText("Connected to Office").waitFor();
    await other.start();
    await card("Town hall").getByText("Connected to Town hall").waitFor();
  });

  await t.test("forgets one, and keeps the other", async () => {
    await card("Town hall").getByRole("button", { name: "Unpair this phone" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Unpair this phone" }).click();
    await eventually(async () => (await page.getByText("Town hall", { exact: true }).count()) === 0, "it is gone from the page");
    await eventually(async () => (await other.json("devices")).every((one) => one.state === "left" || one.state === "revoked"), "the office knows");
    await page.reload();
    await openFiles(page);
    assert.equal((await office.json("devices"))[0].state, "connected");
  });

  await t.test("is revoked by one office while the other is in use", async () => {
    await page.goto((await other.run("pair", "--link-only", "--allow", "files", "--name", "Again")).trim());
    await page.getByRole("dialog").getByRole("button", { name: "Pair" }).click();
    await card("Town hall").getByRole("button", { name: "files" }).waitFor();
    await card("Office").getByRole("button", { name: "files" }).click();
    await page.getByText("contract.txt").waitFor();
    await other.run("revoke", "Again");
    await page.goto(relay.origin);
    await page.getByText("“Town hall” has ended this phone’s access").waitFor();
    await openFiles(page);
  });

  await t.test("was away when it was revoked, and cannot know it: the page says what may be so", async () => {
    await page.goto("about:blank");
    const [device] = await office.json("devices");
    await office.run("revoke", device.id);
    await page.goto(relay.origin);
    await page.getByText(/“Office” is off or unreachable, or this phone is no longer allowed\. Ask the office\. Not reached since/).first().waitFor();
    await picture(page, "phone-away");
  });
});
