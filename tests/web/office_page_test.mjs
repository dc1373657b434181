import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { Node, build, eventually, pair, temporaryFolder } from "./bridge.mjs";
import { DESKTOP, PHONE, accessibilityFaults, openBrowser, openPage, picture } from "./browser.mjs";

// A name that would run if the page wrote it as HTML.
const HOSTILE = "<img src=x onerror=alert(1)>";

async function openOffice(t) {
  const folder = temporaryFolder(t);
  const shared = path.join(folder, "clients");
  mkdirSync(shared);
  mkdirSync(path.join(folder, "archive"));
  writeFileSync(path.join(shared, "contract.txt"), "signed\n".repeat(20_000));
  const office = new Node(t, folder, "Étude Dupont");
  await office.init();
  await office.start();
  await office.run("expose", "clients", `folder:${shared}`);
  await office.run("expose", "database", "localhost:9");
  const browser = await openBrowser();
  t.after(() => browser.close());
  return { folder, office, browser };
}

async function newDevice(t, folder, name) {
  const device = new Node(t, folder, name);
  await device.init();
  return device.start();
}

// Patient, for machines that do much else.
async function newPage(browser, options = {}) {
  const page = await openPage(browser, options);
  page.setDefaultTimeout(90_000);
  return page;
}

async function openThePage(office, browser, options = {}) {
  const page = await newPage(browser, options);
  const { url } = await office.json("open");
  await page.goto(url);
  await page.locator("h1").waitFor();
  return page;
}

const card = (page, name) => page.locator("li.card.device").filter({ hasText: name });
const answer = (page, name) => page.getByRole("dialog").getByRole("button", { name });

test("the office's page in a browser", async (t) => {
  const { folder, office, browser } = await openOffice(t);
  const laptop = await newDevice(t, folder, "Laptop");
  const page = await openThePage(office, browser);

  await t.test("its link works once, and its secret is kept nowhere", async () => {
    const { url } = await office.json("open");
    const first = await newPage(browser), second = await newPage(browser);
    await first.goto(url);
    await first.getByRole("heading", { level: 1, name: "Étude Dupont" }).waitFor();
    assert.ok(!first.url().includes("open="));
    await second.goto(url);
    await second.getByText("This link does not work any more").waitFor();
    await picture(second, "office-link-used");
    await first.close();
    await second.close();
  });

  await t.test("a device is paired by the code that it shows, and appears by itself", async () => {
    await page.getByRole("button", { name: "Add a device" }).click();
    await page.getByLabel("Name of the device").fill(HOSTILE);
    await page.getByLabel("clients").check();
    await answer(page, "Show the code").click();
    await page.locator("svg.qr").waitFor();
    await picture(page, "office-code");
    const shown = path.join(build, "screenshots", "office-code.png");
    const decoded = execFileSync("zbarimg", ["--quiet", "--raw", "--oneshot", shown], { encoding: "utf8" }).trim();
    assert.equal(decoded, await page.getByLabel("The code as a link").inputValue());
    await laptop.json("join", decoded);
    await page.getByText("is paired and can be used").waitFor();
    await picture(page, "office-paired");
    await answer(page, "Done").click();
    await card(page, HOSTILE).getByText("Connected · direct").waitFor();
    assert.equal(await page.locator("img").count(), 0);
  });

  await t.test("it is renamed, allowed and denied, each in two clicks", async () => {
    await card(page, HOSTILE).getByRole("button", { name: "Rename" }).click();
    await page.getByLabel("Name of the device").fill("Anna’s laptop");
    await answer(page, "Save").click();
    await card(page, "Anna’s laptop").getByRole("button", { name: "Rights" }).click();
    await page.getByLabel("database").check();
    await answer(page, "Save").click();
    await card(page, "Anna’s laptop").locator(".chip", { hasText: "database" }).waitFor();
    await page.getByRole("button", { name: "Take clients away from Anna’s laptop" }).click();
    await answer(page, "Take away").click();
    await card(page, "Anna’s laptop").locator(".chip", { hasText: "clients" }).waitFor({ state: "detached" });
    const [device] = await office.json("devices");
    assert.deepEqual(device.grants, ["database"]);
    await office.run("allow", "Anna’s laptop", "clients");
    await card(page, "Anna’s laptop").locator(".chip", { hasText: "clients" }).waitFor();
  });

  await t.test("what it carries is drawn", async () => {
    const url = await laptop.urlOf("clients");
    const visit = await newPage(browser);
    await visit.goto(url);
    await visit.getByText("contract.txt").click();
    await visit.getByText("signed").first().waitFor();
    await visit.close();
    await page.reload();
    await card(page, "Anna’s laptop").locator("svg.spark").waitFor();
    await card(page, "Anna’s laptop").getByText("Details").click();
    await page.getByText("To the device:").waitFor();
    await picture(page, "office-details");
  });

  await t.test("services are shared and no longer shared, and say how they are", async () => {
    await page.getByRole("link", { name: "Services" }).click();
    await page.getByRole("button", { name: "Share a service" }).click();
    await page.getByLabel("Where it is").fill("/nowhere/at/all");
    await page.getByLabel("Name", { exact: true }).fill("archive");
    await answer(page, "Share a service").click();
    await page.getByText("There is no folder /nowhere/at/all").waitFor();
    await page.getByLabel("Where it is").fill(path.join(folder, "archive"));
    await answer(page, "Share a service").click();
    await page.locator("li.card", { hasText: "database" }).getByText("Does not answer").first().waitFor();
    const archive = page.locator("li.card", { hasText: "archive" });
    await archive.getByText("Ready").waitFor();
    await picture(page, "office-services");
    await archive.getByRole("button", { name: "Stop sharing" }).click();
    await answer(page, "Stop sharing").click();
    await archive.waitFor({ state: "detached" });
  });

  await t.test("the trail is searched, and follows what happens", async () => {
    await page.getByRole("link", { name: "Audit trail" }).click();
    await page.getByText("Anna’s laptop is now called").or(page.getByText("is now called Anna’s laptop")).waitFor();
    await page.getByRole("searchbox").fill("archive shared");
    await page.getByText("2 records found").waitFor();
    await picture(page, "office-trail");
    await office.run("expose", "archive", `folder:${path.join(folder, "archive")}`);
    await page.getByText("3 records found").waitFor();
    await page.getByRole("button", { name: "Check the trail" }).click();
    await page.getByText("The trail is whole").waitFor();
  });

  await t.test("relays and forwarded addresses are named, and removed; what is wrong with one is said", async () => {
    const { id } = (await laptop.json("status")).node;
    await page.getByRole("link", { name: "Reach" }).click();
    await page.getByRole("button", { name: "Add a relay" }).click();
    await page.getByLabel("Address of the relay").fill("wss://relay.invalid/relay");
    await answer(page, "Add").click();
    await page.getByText("The relay's key is missing after #.").waitFor();
    await page.getByLabel("Address of the relay").fill(`wss://relay.invalid/relay#${id}`);
    await answer(page, "Add").click();
    const relay = page.locator("li.card", { hasText: "relay.invalid" });
    await relay.getByRole("button", { name: "Remove" }).click();
    await answer(page, "Remove").click();
    await relay.waitFor({ state: "detached" });
    assert.deepEqual(await office.json("relay", "list"), []);
    await page.getByRole("button", { name: "Add an address" }).click();
    await page.getByLabel("Address", { exact: true }).fill("office.invalid");
    await answer(page, "Add").click();
    await page.getByText("The port is missing.").waitFor();
    await page.getByLabel("Address", { exact: true }).fill("office.invalid:7470");
    await answer(page, "Add").click();
    const address = page.locator("li.card", { hasText: "office.invalid:7470" });
    await address.getByText("The name office.invalid was not found.").waitFor();
    await address.getByRole("button", { name: "Remove" }).click();
    await address.waitFor({ state: "detached" });
    assert.deepEqual((await office.json("status")).addresses, []);
  });

  await t.test("a code counts down, and ends when it is withdrawn", async () => {
    await page.getByRole("link", { name: "Devices" }).click();
    await page.getByRole("button", { name: "Add a device" }).click();
    await answer(page, "Show the code").click();
    const left = async () => { const [, minutes, seconds] = /(\d+):(\d\d)$/.exec(await page.locator(".countdown").textContent()) ?? []; return Number(minutes) * 60 + Number(seconds); };
    await page.locator("svg.qr").waitFor();
    const first = await left();
    assert.ok(first > 0 && first <= 600, `${first} s`);
    await eventually(async () => (await left()) < first, "it counts down");
    assert.equal((await office.json("status")).invitations.length, 1);
    await answer(page, "Withdraw").click();
    await eventually(async () => (await office.json("status")).invitations.length === 0, "the code is gone");
    await page.locator("svg.qr").waitFor({ state: "detached" });
  });

  await t.test("what an owner should know is said, and done with", async () => {
    await page.getByRole("link", { name: "Devices" }).click();
    await page.locator("details.less summary").click();
    await picture(page, "office-warnings");
    await page.getByRole("button", { name: "They are safe" }).click();
    await answer(page, "They are safe").click();
    await page.getByText("Are the 24 words kept safe?").waitFor({ state: "detached" });
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Make a backup" }).click();
    const copy = path.join(folder, "copy.backup");
    await (await download).saveAs(copy);
    await page.getByText("No backup was made yet.").waitFor({ state: "detached" });
    assert.equal((await office.json("restore", copy)).devices, 1);
    await office.run("wait", "--ready", "--timeout", "60s");
  });

  await t.test("a device is revoked in two clicks, and cut", async () => {
    const fresh = await openThePage(office, browser);
    await card(fresh, "Anna’s laptop").getByText("Connected").waitFor();
    await card(fresh, "Anna’s laptop").getByRole("button", { name: "Revoke" }).click();
    await picture(fresh, "office-revoke");
    await answer(fresh, "Revoke").click();
    await fresh.getByText("“Anna’s laptop” is revoked.").waitFor();
    await fresh.getByText("Revoked devices").click();
    await fresh.getByText("had access from").waitFor();
    await eventually(async () => (await laptop.json("status")).peers[0]?.state === "revoked", "the laptop knows");
    await card(fresh, "Anna’s laptop").getByRole("button", { name: "Forget" }).click();
    await answer(fresh, "Forget").click();
    await card(fresh, "Anna’s laptop").waitFor({ state: "detached" });
    assert.deepEqual(await office.json("devices"), []);
    assert.deepEqual(fresh.faults, []);
    await fresh.close();
  });

  await t.test("a device that was granted it steers the office, and cannot shut itself out", async () => {
    const tablet = await newDevice(t, folder, "Tablet");
    await office.run("expose", "admin", "office-page");
    await pair(office, tablet, "--allow", "admin");
    const there = await newPage(browser);
    await there.goto(await tablet.urlOf("admin"));
    await there.getByText("Seen from “Tablet”").waitFor();
    const own = card(there, "Tablet");
    await own.getByText("this device").waitFor();
    assert.equal(await own.getByRole("button", { name: "Revoke" }).count(), 0);
    await picture(there, "office-from-device");
    assert.equal(await own.getByRole("button", { name: "Take admin away" }).count(), 0);
    await own.getByRole("button", { name: "Rights" }).click();
    await there.getByLabel("admin").uncheck();
    await answer(there, "Save").click();
    await there.getByText("this device would shut itself out").waitFor();
    await there.getByLabel("admin").check();
    await there.getByText("Whoever holds a device with this page can do there all that you can do here").waitFor();
    await there.getByLabel("clients").check();
    await answer(there, "Save").click();
    await own.locator(".chip", { hasText: "clients" }).waitFor();
    await there.getByRole("link", { name: "Audit trail" }).click();
    await there.getByText("Tablet asked on this page").waitFor();
    assert.deepEqual(there.faults, []);
    await there.close();
  });

  await t.test("closing it at the office closes it everywhere", async () => {
    const fresh = await openThePage(office, browser);
    await office.run("open", "--close");
    await fresh.getByText("This page is closed").waitFor();
    await picture(fresh, "office-closed");
    await fresh.close();
  });
});

for (const [name, options] of Object.entries({
  desktop: { viewport: DESKTOP },
  phone: { viewport: PHONE, locale: "fr-FR", hasTouch: true, isMobile: true },
  dark: { viewport: DESKTOP, locale: "es-ES", colorScheme: "dark" },
  "phone-dark": { viewport: PHONE, locale: "en-GB", colorScheme: "dark", hasTouch: true, isMobile: true },
})) {
  test(`axe finds nothing serious on the office's page: ${name}`, async (t) => {
    const { folder, office, browser } = await openOffice(t);
    await pair(office, await newDevice(t, folder, "Téléphone"), "--allow", "clients,database");
    await pair(office, await newDevice(t, folder, "Old laptop of somebody with a very long name"), "--allow", "*");
    await office.run("revoke", "Old laptop of somebody with a very long name");
    const page = await openThePage(office, browser, options);
    await card(page, "Téléphone").waitFor();
    for (const view of ["devices", "services", "trail", "reach"]) {
      await page.locator(`nav a[href="#${view}"]`).click();
      await page.locator(`#title-${view}`).waitFor();
      if (view === "trail") await page.locator("li.record").first().waitFor();
      if (view === "services") await page.locator("li.card", { hasText: "database" }).locator(".caution").waitFor();
      if (options.locale && !options.locale.startsWith("en")) assert.deepEqual(await page.locator("body [lang=en]").allTextContents(), [], `${view} says nothing in English`);
      await picture(page, `office-${name}-${view}`);
      assert.deepEqual(await accessibilityFaults(page), [], view);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wider, 0, `${view} is as wide as the screen`);
    }
    await page.locator('nav a[href="#devices"]').click();
    await page.locator(".view-top .primary").click();
    await picture(page, `office-${name}-invite`);
    assert.deepEqual(await accessibilityFaults(page), [], "the question");
    assert.deepEqual(page.faults, []);
  });
}
