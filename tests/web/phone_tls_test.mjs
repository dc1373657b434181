// The phone's page under TLS, as phones outside have it: a wildcard certificate of an authority of our own, names that are not
// localhost's, and a network between. Needs root.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { picture } from "./browser.mjs";
import { Lab } from "./lab.mjs";
import { newPhone, openFiles, pairByCamera, world } from "./phone_world.mjs";

const skip = process.getuid() !== 0 && "needs root, to build networks";

test("a phone under TLS", { skip }, async (t) => {
  const lab = new Lab(t, "natlab.test");
  const { office, relay, invite } = await world(t, lab.certificate(), lab);
  assert.match(relay.origin, /^https:\/\/shell\.natlab\.test$/);
  const page = await newPhone(await lab.openBrowser(t));

  await t.test("trusts the page by its certificate, and is told to insist on TLS", async () => {
    const answer = await page.goto(relay.origin);
    assert.equal((await answer.securityDetails()).issuer, "Office authority");
    assert.match(answer.headers()["strict-transport-security"], /max-age=31536000/);
    assert.match(answer.headers()["content-security-policy"], /connect-src 'self' wss:;/);
  });

  await t.test("pairs, and finds its files through wss", async () => {
    await pairByCamera(page, await invite());
    await openFiles(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.reload();
    await page.getByText("contract.txt").waitFor();
  });

  await t.test("opens a web application at a host of its own, which the same certificate covers", async () => {
    writeFileSync(path.join(lab.folder, "app.html"), "<!doctype html><meta charset=utf-8><title>App</title><h1>The firm’s calendar</h1>");
    const server = lab.spawn("office", "python3", "-m", "http.server", "8080", "--bind", "127.0.0.1", "--directory", lab.folder);
    t.after(() => server.kill());
    await eventually(() => lab.answers("office", "http://127.0.0.1:8080/app.html"), "the application answers");
    await office.run("expose", "calendar", "http://127.0.0.1:8080");
    await office.run("allow", (await office.json("devices"))[0].name, "calendar");
    await page.goto(relay.origin);
    await page.getByRole("button", { name: "calendar" }).click();
    const frame = page.frameLocator("iframe:not([hidden])");
    await frame.getByRole("link", { name: "app.html" }).click();
    await frame.getByText("The firm’s calendar").waitFor();
    const host = await frame.locator("h1").evaluate(() => location.host);
    assert.match(host, /^s-[0-9a-f]{20}\.natlab\.test$/);
    await picture(page, "phone-tls-service");
  });
  assert.deepEqual(page.faults.filter((fault) => !/favicon|404/.test(fault)), []);
});
