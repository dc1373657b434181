// Draws the pictures of docs/PHONE.md into docs/pictures: DRAWBRIDGE_BUILD=build node --test tests/web/phone_pictures.mjs
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { eventually } from "./bridge.mjs";
import { openBrowser } from "./browser.mjs";
import { newPhone, pairByCamera, world } from "./phone_world.mjs";

const into = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));
const calendar = `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Calendar</title><style>body{font:16px/1.5 sans-serif;margin:1rem;color:#222}
td{border-top:1px solid #ddd;padding:.5rem .75rem .5rem 0;vertical-align:top}table{border-collapse:collapse;width:100%}h1{font-size:1.3rem}</style><h1>This week</h1>
<table><tr><td>Mon 9:30<td>Hearing, Martin ./. Dupont<tr><td>Tue 14:00<td>New client: bakery Léon<tr><td>Wed 11:15<td>Notary, rue des Carmes<tr><td>Fri 10:00<td>Month’s accounts</table>`;

test("the pictures of the phone's page", async (t) => {
  const { folder, office, files, invite } = await world(t);
  const dossier = (name, days, content = name) => {
    const file = path.join(files, name), then = new Date(Date.UTC(2026, 10, 20 - days, 9, 12));
    content === null ? mkdirSync(file) : writeFileSync(file, content);
    utimesSync(file, then, then);
  };
  for (const [name, days] of [["Clients", 1], ["Invoices 2026", 3]]) dossier(name, days, null);
  dossier("Contract Martin.pdf", 2, "x".repeat(182_000));
  dossier("Hearing notes.txt", 0, "Hearing of 19 November\n\nThe court asks for the lease and the two letters of May.\nAnswer by 3 December.\n");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=800x600:duration=1", "-frames:v", "1", path.join(files, "Inventory.png")]);
  writeFileSync(path.join(folder, "index.html"), calendar);
  const server = spawn("python3", ["-m", "http.server", "18471", "--bind", "127.0.0.1", "--directory", folder], { stdio: "ignore" });
  t.after(() => server.kill());
  await eventually(() => fetch("http://127.0.0.1:18471/").then((answer) => answer.ok, () => false), "the calendar answers");
  await office.run("expose", "calendar", "http://127.0.0.1:18471");
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  // What is said for a moment would be in the way.
  await page.addInitScript(() => document.addEventListener("DOMContentLoaded", () => { const style = new CSSStyleSheet(); style.replaceSync("#said { visibility: hidden }"); document.adoptedStyleSheets.push(style); }));
  const draw = (name) => page.screenshot({ path: path.join(into, `${name}.png`) });
  const link = await invite("--name", "Phone");
  await pairByCamera(page, link);
  await office.run("allow", "Phone", "calendar");
  await page.getByRole("button", { name: "calendar" }).waitFor();
  await page.getByText("Connected to Office").waitFor();
  await draw("phone-offices");
  await page.getByRole("button", { name: "files" }).click();
  await page.getByText("Hearing notes.txt").waitFor();
  await draw("phone-files");
  await page.getByText("Hearing notes.txt").click();
  await page.getByText("Answer by 3 December").waitFor();
  await draw("phone-text");
  await page.goto(new URL(page.url()).origin);
  await page.getByRole("button", { name: "calendar" }).click();
  await page.frameLocator("iframe").getByText("Hearing, Martin").waitFor();
  await draw("phone-application");
});
