import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { Node, eventually, pair, temporaryFolder } from "./bridge.mjs";
import { DESKTOP, PHONE, accessibilityFaults, openBrowser, openPage, picture, sought } from "./browser.mjs";

// A name that would run if any page wrote it as HTML.
const HOSTILE = "<img src=x onerror=alert(1)>.txt";

async function sharedFolder(test) {
  const folder = temporaryFolder(test);
  const shared = path.join(folder, "files");
  mkdirSync(path.join(shared, "Letters"), { recursive: true });
  writeFileSync(path.join(shared, "contract.txt"), "signed\n");
  writeFileSync(path.join(shared, HOSTILE), "harmless\n");
  // A film of two minutes, of which a picture a second is a key frame.
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=10:duration=120", "-c:v", "libvpx", "-g", "10",
    "-b:v", "2M", "-deadline", "realtime", "-cpu-used", "8", path.join(shared, "visit.webm")]);
  const office = new Node(test, folder, "Office");
  const laptop = new Node(test, folder, "Laptop");
  await office.init();
  await office.start();
  await laptop.init();
  await laptop.start();
  await office.run("expose", "files", `folder:${shared}`);
  await pair(office, laptop, "--allow", "files");
  return laptop.urlOf("files");
}

test("the folder's page in a browser", async (t) => {
  const url = await sharedFolder(t);
  const browser = await openBrowser();
  t.after(() => browser.close());

  await t.test("lists, opens and goes back, and shows a hostile name as text", async () => {
    const page = await openPage(browser);
    await page.goto(url);
    await page.getByText("contract.txt").click();
    await page.getByText("signed").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText(HOSTILE).waitFor();
    assert.equal(await page.locator("img[src=x]").count(), 0);
    await page.getByText("Letters").click();
    await eventually(() => page.url().endsWith("/Letters/"), "the folder is open");
    assert.deepEqual(page.faults, []);
  });

  await t.test("a film is shown, and seeking asks for the part that is wanted", async () => {
    const page = await openPage(browser);
    const ranges = [];
    page.on("request", (request) => { if (request.headers().range) ranges.push(request.headers().range); });
    await page.goto(url);
    await page.getByText("visit.webm").click();
    const shown = await sought(page.locator("video"), 100);
    assert.ok(Math.abs(shown - 100) < 1, `at ${shown} s`);
    assert.ok(ranges.some((range) => Number(/^bytes=(\d+)-/.exec(range)?.[1]) > 0), ranges.join());
    await picture(page, "folder-film");
    assert.deepEqual(page.faults, []);
  });

  for (const [name, options] of Object.entries({
    desktop: { viewport: DESKTOP },
    phone: { viewport: PHONE, locale: "fr-FR", hasTouch: true, isMobile: true },
    dark: { viewport: DESKTOP, locale: "es-ES", colorScheme: "dark" },
  })) {
    await t.test(`axe finds nothing serious: ${name}`, async () => {
      const page = await openPage(browser, options);
      await page.goto(url);
      await page.getByText("contract.txt").waitFor();
      await picture(page, `folder-${name}`);
      assert.deepEqual(await accessibilityFaults(page), []);
    });
  }
});
