// The page's own scanner, with a camera that sees the picture which `drawbridge pair` draws.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { openBrowser, openPage, picture } from "./browser.mjs";
import { newPhone, world } from "./phone_world.mjs";

const WIDTH = 640, HEIGHT = 480, FRAMES = 10;

// A film of one picture in the middle of white, as Chromium's fake camera takes it (YUV4MPEG2).
async function film(browser, png) {
  const page = await openPage(browser);
  const luma = await page.evaluate(async ([source, width, height]) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width, height }), drawing = canvas.getContext("2d");
    const side = Math.min(width, height) - 60;
    drawing.fillStyle = "white";
    drawing.fillRect(0, 0, width, height);
    drawing.imageSmoothingEnabled = false;
    drawing.drawImage(image, (width - side) / 2, (height - side) / 2, side, side);
    return Array.from(drawing.getImageData(0, 0, width, height).data.filter((_, i) => i % 4 === 0));
  }, [`data:image/png;base64,${png.toString("base64")}`, WIDTH, HEIGHT]);
  await page.context().close();
  const frame = Buffer.concat([Buffer.from("FRAME\n"), Buffer.from(luma), Buffer.alloc(WIDTH * HEIGHT / 2, 128)]);
  return Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), ...Array.from({ length: FRAMES }, () => frame)]);
}

test("a phone's camera reads the code from within the page", async (t) => {
  const { folder, relay, office } = await world(t);
  const code = path.join(folder, "code.png"), seen = path.join(folder, "code.y4m");
  await office.json("pair", "--allow", "files", "--qr", "png", "--output", code);
  const drawer = await openBrowser();
  writeFileSync(seen, await film(drawer, readFileSync(code)));
  await drawer.close();
  const browser = await openBrowser(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${seen}`]);
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await page.goto(relay.origin);
  await page.getByRole("button", { name: "Scan the code" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Pair" }).click();
  await page.getByRole("button", { name: "files" }).waitFor();
  await picture(page, "phone-scanned");
  assert.deepEqual(page.faults, []);
});

test("without a camera the page says what to do instead", async (t) => {
  const { relay, invite } = await world(t);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser, { permissions: ["camera"] });
  await page.goto(relay.origin);
  await page.getByRole("button", { name: "Scan the code" }).click();
  await page.getByText("There is no camera. Paste the link instead.").waitFor();
  await page.getByRole("button", { name: "Paste a link" }).click();
  await page.getByRole("textbox", { name: "The pairing link" }).fill(await invite());
  await page.getByRole("dialog").getByRole("button", { name: "Pair" }).click();
  await page.getByRole("textbox", { name: "Pair with this office?" }).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Pair" }).click();
  await page.getByRole("button", { name: "files" }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("a camera that may not be used is told from none", async (t) => {
  const { relay } = await world(t);
  const browser = await openBrowser(["--use-fake-device-for-media-stream", "--deny-permission-prompts"]);
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await page.goto(relay.origin);
  await page.getByRole("button", { name: "Scan the code" }).click();
  await page.getByText("The camera may not be used here. Allow it in the browser’s settings, or paste the link.").waitFor();
  assert.deepEqual(page.faults, []);
});
