// The lock of a phone's vault, by passphrase and by passkey, in a real browser: DRAWBRIDGE_BUILD=build node --test tests/web/phone_lock_test.mjs
import assert from "node:assert/strict";
import test from "node:test";
import { accessibilityFaults, openBrowser, picture } from "./browser.mjs";
import { newPhone, openFiles, pairByCamera, world } from "./phone_world.mjs";

const first = "quatre mots très secrets", second = "another few words";

const settings = (page) => page.getByRole("button", { name: "About this page" }).click();
const choose = (page, name) => page.getByRole("dialog").getByRole("button", { name }).click();
const locked = (page) => page.getByRole("heading", { name: "Locked" }).waitFor();

async function setPassphrase(page, button, passphrase) {
  await settings(page);
  await choose(page, button);
  const question = page.getByRole("dialog", { name: "Lock with a passphrase" });
  await question.getByLabel("Passphrase", { exact: true }).fill(passphrase);
  await question.getByLabel("Passphrase again").fill(passphrase);
  await question.getByRole("button", { name: "Lock", exact: true }).click();
  await page.getByText("This page asks for your passphrase").waitFor();
  await choose(page, "Close");
}

async function unlock(page, passphrase) {
  await page.getByLabel("Passphrase").fill(passphrase);
  await page.getByRole("button", { name: "Unlock" }).click();
}

/** What somebody with the browser's own key would open of the vault: the names of the entries. */
const openToAll = (page) => page.evaluate(async () => {
  const done = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const base = await done(indexedDB.open("drawbridge")), opened = [];
  const own = await done(base.transaction("key").objectStore("key").get("wrap"));
  for (const store of ["key", "rows", "notes"]) {
    for (const key of await done(base.transaction(store).objectStore(store).getAllKeys())) {
      const value = await done(base.transaction(store).objectStore(store).get(key));
      if (!value.sealed) continue;
      const additionalData = new TextEncoder().encode(`${store}/${key}`);
      await crypto.subtle.decrypt({ name: "AES-GCM", iv: value.iv, additionalData }, own, value.sealed).then(() => opened.push(`${store}/${key}`), () => {});
    }
  }
  base.close();
  return opened;
});

test("a phone with a passphrase", async (t) => {
  const { invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, await invite());
  assert.ok((await openToAll(page)).includes("key/seed"), "the control: without a lock the browser's key opens the seed");

  await t.test("is closed by it, and nothing of the vault opens with the browser's key any more", async () => {
    await settings(page);
    await choose(page, "Lock with a passphrase");
    await picture(page, "phone_lock_new");
    await page.getByRole("dialog", { name: "Lock with a passphrase" }).getByRole("button", { name: "Cancel" }).click();
    await choose(page, "Close");
    await setPassphrase(page, "Lock with a passphrase", first);
    assert.deepEqual(await openToAll(page), []);
    await openFiles(page);
    await page.reload();
    await locked(page);
    assert.equal(await page.getByText("contract.txt").count(), 0);
    assert.deepEqual(await accessibilityFaults(page), []);
    await picture(page, "phone_locked");
  });

  await t.test("refuses another one, and opens with it", async () => {
    await unlock(page, `${first}.`);
    await page.getByText("That is not the passphrase.").waitFor();
    // The same words, typed by a keyboard that composes its letters otherwise.
    await unlock(page, first.normalize("NFD"));
    await page.getByText("contract.txt").waitFor();
  });

  await t.test("takes a new one, and the old one no more", async () => {
    await page.goto(new URL(page.url()).origin);
    await unlock(page, first);
    await setPassphrase(page, "Change the passphrase", second);
    await page.reload();
    await unlock(page, first);
    await page.getByText("That is not the passphrase.").waitFor();
    await unlock(page, second);
    await page.getByRole("button", { name: "files" }).waitFor();
  });

  await t.test("opens by itself once the lock is gone", async () => {
    await settings(page);
    await choose(page, "Remove the lock");
    await page.getByRole("dialog", { name: "Remove the lock?" }).getByRole("button", { name: "Remove the lock" }).click();
    await page.getByText("Without a lock").waitFor();
    await choose(page, "Close");
    await page.reload();
    await openFiles(page);
  });

  await t.test("is a new phone once it was erased", async () => {
    await page.goto(new URL(page.url()).origin);
    await setPassphrase(page, "Lock with a passphrase", first);
    await page.reload();
    await page.getByRole("button", { name: "Erase this phone" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Erase this phone" }).click();
    await page.getByText("Your office on this phone").waitFor();
  });
  assert.deepEqual(page.faults, []);
});

test("a phone with a passkey", async (t) => {
  const { invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  const tools = await page.context().newCDPSession(page);
  await tools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  await pairByCamera(page, await invite());

  await t.test("is not locked by an authenticator that gives no secret", async () => {
    const { authenticatorId } = await tools.send("WebAuthn.addVirtualAuthenticator", { options });
    await settings(page);
    await choose(page, "Lock with fingerprint, face or PIN");
    await page.getByText("This device has no passkey that can lock").waitFor();
    await choose(page, "Close");
    await tools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
    assert.ok((await openToAll(page)).includes("key/seed"));
  });

  await t.test("is closed by one that does, and opened when it knows the person", async () => {
    const { authenticatorId } = await tools.send("WebAuthn.addVirtualAuthenticator", { options: { ...options, hasPrf: true } });
    await settings(page);
    await choose(page, "Lock with fingerprint, face or PIN");
    await page.getByText("This page asks for your fingerprint").waitFor();
    await choose(page, "Close");
    assert.deepEqual(await openToAll(page), []);
    await page.reload();
    await locked(page);
    await page.getByRole("button", { name: "Unlock" }).click();
    await openFiles(page);
    await page.reload();
    await tools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await page.getByRole("button", { name: "Unlock" }).click();
    await page.getByText("did not confirm that it is you").waitFor();
    assert.equal(await page.getByText("contract.txt").count(), 0);
  });
  assert.deepEqual(page.faults, []);
});
