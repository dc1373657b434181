// What a folder has, looked at in the phone's page: each kind that the page shows, and by a keyboard alone on a computer's screen.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { DESKTOP, accessibilityFaults, openBrowser, picture } from "./browser.mjs";
import { newPhone, openFiles, pairByCamera, world } from "./phone_world.mjs";

// A page of 200 × 200 points with one word.
const document = `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>endobj
4 0 obj<</Length 41>>stream
BT /F 24 Tf 40 100 Td (signed) Tj ET
endstream endobj
trailer<</Root 1 0 R>>
`;

test("files of each kind on a phone", async (t) => {
  const { files, invite } = await world(t);
  const made = (name, ...how) => execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", ...how, path.join(files, name)]);
  made("Façade.png", "-i", "testsrc=size=640x480:duration=1", "-frames:v", "1");
  made("Message.wav", "-i", "sine=frequency=440:duration=7");
  writeFileSync(path.join(files, "Lease.pdf"), document);
  writeFileSync(path.join(files, "Torn.png"), "no picture");
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, await invite());
  await page.evaluate(() => navigator.serviceWorker.ready);
  await openFiles(page);
  const look = (name) => page.getByRole("link", { name }).click(), close = () => page.getByRole("button", { name: "Close" }).click();

  await t.test("a picture is drawn whole", async () => {
    await look("Façade.png");
    const size = await eventually(() => page.locator("img.preview-picture").evaluate((image) => image.complete && [image.naturalWidth, image.naturalHeight]), "the picture is there");
    assert.deepEqual(size, [640, 480]);
    const wide = await page.locator("img.preview-picture").evaluate((image) => image.getBoundingClientRect().right <= innerWidth);
    assert.ok(wide, "it is no wider than the screen");
    await picture(page, "phone-picture");
    await close();
  });

  await t.test("sound is played, from any place in it", async () => {
    await look("Message.wav");
    const place = await page.locator("audio").evaluate((sound) => new Promise((resolve, reject) => {
      sound.addEventListener("error", () => reject(new Error(sound.error.message)));
      sound.addEventListener("seeked", () => resolve([Math.round(sound.duration), sound.currentTime]));
      const seek = () => { sound.currentTime = 5; };
      if (sound.readyState >= 1) seek(); else sound.addEventListener("loadedmetadata", seek);
    }));
    assert.deepEqual(place, [7, 5]);
    await close();
  });

  await t.test("a PDF is shown by the browser's viewer, or it is said that there is none", async () => {
    const viewer = await page.evaluate(() => navigator.pdfViewerEnabled);
    const answered = viewer ? page.waitForResponse((response) => response.url().endsWith("/Lease.pdf")) : null;
    await look("Lease.pdf");
    if (viewer) {
      const answer = await answered;
      assert.deepEqual([answer.status(), answer.headers()["content-type"], answer.fromServiceWorker()], [200, "application/pdf", true]);
      // The viewer's own frame stands between the two.
      await eventually(() => page.frames().filter((frame) => frame.url().endsWith("/Lease.pdf")).length === 2, "the viewer holds the document");
    } else {
      await page.getByText("There is no preview of this kind of file.").waitFor();
    }
    t.diagnostic(viewer ? "this browser has a viewer" : "this browser has no viewer");
    await picture(page, "phone-pdf");
    await close();
  });

  await t.test("a picture that is none is said to be so", async () => {
    await look("Torn.png");
    await page.getByText("There is no preview of this kind of file.").waitFor();
    await close();
  });

  assert.deepEqual(page.faults, []);
});

// Presses Tab until `name` has the focus, as somebody does who has no pointer.
async function tabTo(page, name) {
  for (let pressed = 0; pressed < 40; pressed += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => globalThis.document.activeElement?.textContent.includes(wanted), name)) return;
  }
  assert.fail(`Tab does not lead to ${name}`);
}

for (const [name, options] of Object.entries({ light: { locale: "en-GB" }, dark: { locale: "fr-FR", colorScheme: "dark" } })) {
  test(`the phone's page on a computer's screen, by its keys alone: ${name}`, async (t) => {
    const { invite } = await world(t);
    const browser = await openBrowser();
    t.after(() => browser.close());
    const page = await newPhone(browser, { viewport: DESKTOP, hasTouch: false, isMobile: false, ...options });
    await page.goto(await invite());
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "files" }).waitFor();
    await picture(page, `phone-desktop-${name}-home`);
    assert.deepEqual(await accessibilityFaults(page), []);
    await tabTo(page, "files");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "contract.txt" }).waitFor();
    await picture(page, `phone-desktop-${name}-files`);
    assert.deepEqual(await accessibilityFaults(page), []);
    await tabTo(page, "contract.txt");
    await page.keyboard.press("Enter");
    await page.getByText("signed").waitFor();
    await page.keyboard.press("Escape");
    await eventually(() => page.evaluate(() => globalThis.document.activeElement?.textContent.includes("contract.txt")), "the focus is back where it was");
    const wider = await page.evaluate(() => globalThis.document.documentElement.scrollWidth - globalThis.document.documentElement.clientWidth);
    assert.equal(wider, 0);
    assert.deepEqual(page.faults, []);
  });
}
