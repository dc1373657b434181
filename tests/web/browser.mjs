// Debian's Chromium, driven by playwright-core; both are found through web/package.json.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "./bridge.mjs";

/** Loads one of the packages that web/package.json names. */
export const required = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = required("playwright-core");

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 800 };

const SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A browser of its own; `more` are further switches of Chromium. Close it with close(). */
export function openBrowser(more = [], executablePath = "/usr/bin/chromium") {
  return chromium.launch({ executablePath, args: [...SWITCHES, ...more] });
}

/** A browser whose storage stays in the folder `profile`, for another one after it. */
export function openPersistent(profile) {
  return chromium.launchPersistentContext(profile, { executablePath: "/usr/bin/chromium", args: SWITCHES, locale: "en-GB" });
}

/** A page in a fresh profile, which fails the test by `page.faults`: what it wrote as an error, and what it threw. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, locale: "en-GB", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") page.faults.push(message.text()); });
  return page;
}

/** Keeps a picture below BUILD/screenshots, to be looked at. */
export async function picture(page, name) {
  const folder = path.join(build, "screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** What axe finds serious or worse in the page as it is: ["rule: element", …]. */
export async function accessibilityFaults(page) {
  await page.evaluate(required("axe-core").source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Has a film show what is at `seconds`; the time that it then stands at. */
export async function sought(film, seconds) {
  await film.evaluate((video) => new Promise((resolve) => { video.readyState >= 2 ? resolve() : video.addEventListener("loadeddata", resolve, { once: true }); }));
  return film.evaluate((video, wanted) => new Promise((resolve, reject) => {
    video.addEventListener("seeked", () => resolve(video.currentTime), { once: true });
    video.addEventListener("error", () => reject(new Error(video.error.message)));
    video.currentTime = wanted;
  }), seconds);
}
