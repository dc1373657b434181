// The phone's page from a web server of one's own, as docs/OPERATING.md says, with a relay that serves none.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import test from "node:test";
import { Node, temporaryFolder } from "./bridge.mjs";
import { openBrowser } from "./browser.mjs";
import { Relay, newPhone, openFiles, pairByCamera, phonePage } from "./phone_world.mjs";
import { nginx } from "./servers.mjs";
import { serviceApp } from "./service_app.mjs";

function freePort() {
  return new Promise((found) => { const server = createServer(); server.listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => found(port)); }); });
}

// The recipe of the documentation, but for what a test cannot have: the name, TLS and its port.
function recipe(port) {
  const operating = readFileSync(new URL("../../docs/OPERATING.md", import.meta.url), "utf8");
  const blocks = operating.slice(operating.indexOf("    server {\n        listen 443 ssl;  server_name shell.bridge.example"), operating.indexOf("\nThe relay as a service:"));
  assert.match(blocks, /s-\[0-9a-f\]/);
  return blocks.replaceAll("listen 443 ssl;", `listen 127.0.0.1:${port};`).replaceAll("/usr/share/drawbridge/phone", phonePage)
    .replaceAll("https://*.bridge.example", `http://*.bridge.localhost:${port}`).replaceAll("https://shell.bridge.example", `http://shell.bridge.localhost:${port}`)
    .replaceAll("bridge.example", "bridge.localhost").replaceAll("bridge\\.example", "bridge\\.localhost").replaceAll("connect-src 'self' wss:", "connect-src 'self' ws:")
    .replaceAll('add_header Strict-Transport-Security "max-age=31536000";', "");
}

test("a phone whose page comes from nginx", async (t) => {
  const folder = temporaryFolder(t), port = await freePort(), origin = `http://shell.bridge.localhost:${port}`;
  await nginx(t, folder, recipe(port), `http://127.0.0.1:${port}/`);
  const relay = new Relay(t, folder);
  relay.page = null;
  await relay.start();
  const files = path.join(folder, "files");
  mkdirSync(files);
  writeFileSync(path.join(files, "contract.txt"), "signed\n");
  const office = new Node(t, folder, "Office");
  await office.init();
  writeFileSync(path.join(office.state, "config.toml"), `[network]\nphone_page = "${origin}"\n`);
  await office.start();
  await office.run("relay", "add", relay.url);
  await office.run("expose", "files", `folder:${files}`);
  const app = await serviceApp(t);
  await office.run("expose", "app", `http://127.0.0.1:${app.port}`);
  const link = (await office.run("pair", "--link-only", "--allow", "files,app")).trim();
  assert.ok(link.startsWith(`${origin}/#`), link);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);

  await t.test("is paired by the office's link, and finds its files", async () => {
    await pairByCamera(page, link);
    await openFiles(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await page.getByText("contract.txt").waitFor();
  });

  await t.test("opens a web application", async () => {
    await page.goto(origin);
    await page.getByRole("button", { name: "app" }).click();
    await page.frameLocator("iframe").getByText("modules work").waitFor();
  });
});
