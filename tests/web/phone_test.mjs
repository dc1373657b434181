// The phone's page in a real browser, with a real relay and office: what a person does with it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, readdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { once } from "node:events";
import test from "node:test";
import { eventually, hashOf } from "./bridge.mjs";
import { accessibilityFaults, openBrowser, picture } from "./browser.mjs";
import { newPhone, openFiles, pairByCamera, world, phonePage, releaseOf } from "./phone_world.mjs";

// Would run if any page wrote it as HTML.
const HOSTILE = "<img src=x onerror=alert(1)>.txt";

test("a phone", async (t) => {
  const { relay, files, office, invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);

  await t.test("says what to do before it is paired", async () => {
    await page.goto(relay.origin);
    await page.getByText("Your office on this phone").waitFor();
    await picture(page, "phone-welcome");
    assert.deepEqual(await accessibilityFaults(page), []);
  });

  await t.test("is paired by the link that the camera's app opens, which leaves the address at once", async () => {
    const link = await invite();
    assert.ok(link.startsWith(`${relay.origin}/#`), link);
    await pairByCamera(page, link);
    assert.equal(page.url(), `${relay.origin}/`);
    await page.getByText("relayed by Ann, FR").waitFor();
    await picture(page, "phone-home");
    assert.equal((await office.json("devices")).length, 1);
  });

  await t.test("shows the hash of its code, which the office expects", async () => {
    const expected = (await office.json("pair")).page_release;
    assert.equal(expected, releaseOf(phonePage));
    await page.getByRole("button", { name: "About this page" }).click();
    await page.getByText(expected.match(/.{8}/g).join(" ")).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  });

  await t.test("lists the files, shows a hostile name as text, and finds", async () => {
    writeFileSync(path.join(files, HOSTILE), "harmless\n");
    await openFiles(page);
    await page.getByText(HOSTILE).waitFor();
    assert.equal(await page.locator("img[src=x]").count(), 0);
    await page.getByRole("searchbox").fill("contr");
    await page.getByText(HOSTILE).waitFor({ state: "detached" });
    await page.getByRole("searchbox").fill("");
    await picture(page, "phone-files");
    assert.deepEqual(await accessibilityFaults(page), []);
  });

  await t.test("shows a text and comes back", async () => {
    await page.getByRole("link", { name: "contract.txt" }).click();
    await page.getByText("signed").waitFor();
    await picture(page, "phone-preview");
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByText("Letters").click();
    await page.getByText("This folder is empty.").waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "contract.txt" }).waitFor();
  });

  await t.test("downloads a large file whole", async () => {
    writeFileSync(path.join(files, "large.bin"), randomBytes(500_000_000));
    await page.reload();
    await page.getByText("contract.txt").waitFor();
    await page.evaluate(() => navigator.serviceWorker.ready);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByText("large.bin").click()]);
    assert.equal(download.suggestedFilename(), "large.bin");
    assert.equal(await hashOf(await download.path()), await hashOf(path.join(files, "large.bin")));
    await page.getByText("contract.txt").waitFor();
  });

  await t.test("lets nothing of an office's run in the page's origin", async () => {
    const program = createServer((request, response) => response.writeHead(200, { "content-type": "text/html", "set-cookie": "a=b", "content-security-policy": "script-src *" }).end("<script>parent.owned = 1</script>"));
    await once(program.listen(0, "127.0.0.1"), "listening");
    t.after(() => program.close());
    writeFileSync(path.join(files, "page.svg"), '<svg xmlns="http://www.w3.org/2000/svg"><script>parent.owned = 1</script></svg>');
    await office.run("expose", "hostile", `http://127.0.0.1:${program.address().port}`);
    await office.run("allow", (await office.json("devices"))[0].id, "files", "hostile");
    const root = new URL(page.url()).pathname, brought = (url) => page.evaluate(async (one) => {
      const answer = await fetch(one);
      return { status: answer.status, headers: Object.fromEntries(answer.headers) };
    }, url);
    const programPage = await eventually(async () => { const one = await brought(root.replace("/files/", "/hostile/")); return one.status === 200 && one; }, "the program answers");
    assert.equal(programPage.headers["content-type"], "application/octet-stream");
    assert.equal(programPage.headers["content-disposition"], "attachment");
    for (const { headers } of [programPage, await brought(`${root}page.svg`), await brought(`${root}contract.txt`)]) {
      assert.match(headers["content-security-policy"], /^sandbox; default-src 'none'/);
      assert.equal(headers["x-content-type-options"], "nosniff");
    }
    assert.equal(await page.evaluate(() => document.cookie), "");
    assert.equal(await page.evaluate(() => globalThis.owned), undefined);
  });

  await t.test("brings the part of a file that seeking asks for", async () => {
    const part = await page.evaluate(async () => {
      const answer = await fetch(`${location.pathname}contract.txt`, { headers: { Range: "bytes=2-4" } });
      return [answer.status, answer.headers.get("content-range"), await answer.text()];
    });
    assert.deepEqual(part, [206, "bytes 2-4/7", "gne"]);
  });

  await t.test("uploads a file and a photograph", async () => {
    const content = randomBytes(3_000_000);
    await page.locator("input[type=file][multiple]").setInputFiles({ name: "scan.pdf", mimeType: "application/pdf", buffer: content });
    await eventually(() => existsSync(path.join(files, "scan.pdf")), "the file is at the office");
    assert.deepEqual(readFileSync(path.join(files, "scan.pdf")), content);
    await page.locator("input.camera").setInputFiles({ name: "image.jpg", mimeType: "image/jpeg", buffer: content });
    const photo = await eventually(() => readdirSync(files).find((name) => /^\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d\.jpg$/.test(name)), "the photograph is at the office");
    await eventually(() => statSync(path.join(files, photo)).size === content.length, "it is whole");
    await page.getByText("Uploads finished").waitFor();
    await picture(page, "phone-uploads");
    assert.deepEqual(await accessibilityFaults(page), []);
  });

  await t.test("says that the relay is gone, and goes on when it is started again", async () => {
    await relay.stop("SIGKILL");
    await page.getByText(/The relay \S+ does not answer\. Try another network, or tell the office\./).first().waitFor();
    await picture(page, "phone-relay-gone");
    await relay.start();
    writeFileSync(path.join(files, "after.txt"), "after\n");
    await eventually(async () => {
      await page.evaluate(() => history.replaceState(null, "", location.pathname));
      await page.getByRole("navigation").getByText("files").click();
      return page.getByText("after.txt").isVisible();
    }, "the list is there again");
  });

  await t.test("opens without a network, and says so", async () => {
    await page.context().setOffline(true);
    await page.goto(`${relay.origin}/`);
    await page.getByText("This phone has no network.").first().waitFor();
    await picture(page, "phone-offline");
    await page.context().setOffline(false);
    await page.getByText("relayed by Ann, FR").waitFor();
  });

  await t.test("is told of its revocation while in use, and forgets its keys", async () => {
    const [device] = await office.json("devices");
    await office.run("revoke", device.id);
    await page.getByText("has ended this phone’s access").waitFor();
    await picture(page, "phone-revoked");
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.reload();
    await page.getByText("has ended this phone’s access").waitFor();
    assert.equal(await page.getByRole("button", { name: "files" }).count(), 0);
  });

  assert.deepEqual(page.faults.filter((fault) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(fault)), []);
});

for (const [language, locale, colorScheme, refused] of [["French", "fr-FR", "dark", "Ce lien d’association est abîmé"], ["Spanish", "es-ES", "light", "Este enlace está dañado"]]) {
  test(`a phone in ${language} says what is wrong with a code`, async (t) => {
    const { relay, invite } = await world(t);
    const browser = await openBrowser();
    t.after(() => browser.close());
    const page = await newPhone(browser, { locale, colorScheme });
    const link = await invite();
    const yes = () => page.getByRole("dialog").getByRole("button", { name: /^(Associer|Vincular)$/ }).click();
    await page.goto(`${link.slice(0, -6)}AAAAAA`);
    await yes();
    await page.getByText(refused).waitFor();
    await picture(page, `phone-damaged-${language}`);
    await pairByCamera(page, link);
    await picture(page, `phone-home-${language}`);
    assert.deepEqual(await accessibilityFaults(page), []);
    // Somebody else's phone with the code that was used.
    const other = await newPhone(browser, { locale, colorScheme });
    await other.goto(link);
    await other.getByRole("dialog").getByRole("button", { name: /^(Associer|Vincular)$/ }).click();
    await other.getByText(/Le bureau n’a pas répondu|La oficina no respondió/).waitFor();
    assert.equal(new URL(other.url()).origin, relay.origin);
    assert.deepEqual(page.faults, []);
  });
}
