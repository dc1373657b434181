// What a hostile web application tries from its frame on a phone, and does not get; and that nothing of a service stays when its
// office has ended the phone's access.
import assert from "node:assert/strict";
import { request } from "node:http";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { openBrowser, picture } from "./browser.mjs";
import { newPhone, openService, pairByCamera, serviceFrame, world } from "./phone_world.mjs";
import { serviceApp } from "./service_app.mjs";

// Of the shell: asks as a service's page would, with whatever origin and shape the caller wants.
const askShell = (frame, message, wait = 1500) => frame.evaluate(([one, ms]) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data);
  setTimeout(() => resolve("silence"), ms);
  top.postMessage(one, "*", [port2]);
}), [message, wait]);

// A port of the worker's kind, which the page may get for itself, and what `fetch` messages by it bring.
const byOwnPort = (frame, messages) => frame.evaluate((all) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel(), answers = [];
  port1.onmessage = ({ data }) => {
    if (data.kind !== "core") return;
    for (const message of all) {
      const channel = new MessageChannel();
      channel.port1.onmessage = (event) => { if (event.data.status || event.data.failed) { answers.push(event.data.status ?? "failed"); if (answers.length === all.length) resolve(answers); } };
      port1.postMessage(message, [channel.port2]);
    }
  };
  top.postMessage({ drawbridge: 1, kind: "core" }, "*", [port2]);
}), messages);

test("a hostile web application on a phone", async (t) => {
  const { relay, office } = await world(t);
  const app = await serviceApp(t), other = await serviceApp(t);
  await office.run("expose", "app", `http://127.0.0.1:${app.port}`);
  await office.run("expose", "other", `http://127.0.0.1:${other.port}`);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, (await office.run("pair", "--link-only", "--allow", "files,app,other")).trim());
  await openService(page, "other");
  const otherFrame = await serviceFrame(page);
  await otherFrame.getByText("modules work").waitFor();
  const otherHost = new URL(otherFrame.url()).origin;
  await otherFrame.evaluate(() => { localStorage.setItem("secret", "1"); });
  await page.getByRole("button", { name: "Offices" }).click();
  await openService(page, "app");
  await eventually(async () => new URL((await serviceFrame(page)).url()).origin !== otherHost, "the application is open");
  const frame = await serviceFrame(page);
  await frame.getByText("modules work").waitFor();
  const good = { kind: "fetch", method: "GET", target: "/who", headers: [], cookies: [], referrer: "" };

  await t.test("does not reach the page that frames it, nor its storage", async () => {
    const tries = await frame.evaluate(async () => {
      const refused = (act) => { try { return String(act()); } catch (error) { return error.name; } };
      return [refused(() => top.document.title), refused(() => top.localStorage), refused(() => top.indexedDB), refused(() => parent.navigator), refused(() => top.history.length),
        (await indexedDB.databases()).length, localStorage.length, document.cookie];
    });
    assert.deepEqual(tries, ["SecurityError", "SecurityError", "SecurityError", "SecurityError", "SecurityError", 0, 0, ""]);
    await frame.evaluate(() => { try { top.location = "https://example.org/"; } catch { /* as it should be */ } });
    await frame.evaluate(() => { top.postMessage({ kind: "fetch", url: "/f/x/files/" }, "*"); });
    assert.equal(new URL(page.url()).origin, relay.origin);
  });

  await t.test("is not answered by messages of another shape or kind", async () => {
    for (const message of [null, "core", 7, {}, { drawbridge: 2, kind: "core" }, { drawbridge: 1 }, { drawbridge: 1, kind: "__proto__" }, { kind: "fetch" }])
      assert.equal(await askShell(frame, message, 300), "silence", JSON.stringify(message));
  });

  await t.test("gets its own service by a port of its own, and nothing but that, whatever it asks by it", async () => {
    const seen = other.seen.length;
    const hostile = [{ ...good, target: "http://other.localhost/who" }, { ...good, target: "//other/" }, { ...good, target: "/a b" }, { ...good, method: "GET /x HTTP/1.1\r\nHost: y\r\n\r\nGET" }, { ...good, headers: [["A\r\nB", "c"]] },
      { ...good, headers: [["a", "b\r\nHost: other.localhost"]] }, { ...good, headers: "many" }, { ...good, cookies: [["a", { }]] }, { ...good, target: `/${"x".repeat(20_000)}` }, { ...good, office: "x", service: "other", url: `${otherHost}/who` },
      { ...good, headers: [["Host", "other.localhost"], ["Connection", "upgrade"], ["Content-Length", "5"], ["Transfer-Encoding", "chunked"]] }];
    const answers = await byOwnPort(frame, hostile);
    assert.deepEqual(answers.slice().sort(), [200, 200, 404, ...Array(8).fill("failed")]);
    assert.equal(other.seen.length, seen, "the other service heard nothing");
    assert.ok(app.seen.filter(({ url }) => url === "/who").every(({ headers }) => headers.host === `127.0.0.1:${app.port}` && !headers["content-length"]));
  });

  await t.test("cannot have another service's host opened or answered in its frame", async () => {
    await frame.evaluate((host) => { const inner = document.createElement("iframe"); inner.src = `${host}/who`; document.body.append(inner); inner.onload = () => { globalThis.innerLoaded = true; }; }, otherHost);
    await eventually(() => frame.evaluate(() => globalThis.innerLoaded), "the inner frame has ended loading");
    const seen = other.seen.length;
    const inner = page.frames().find((one) => one.parentFrame() === frame);
    assert.equal(await inner.evaluate(() => document.body?.innerText.includes("session") ?? false).catch(() => false), false);
    assert.equal(other.seen.length, seen);
    // The frame itself goes there: what answers is that host's boot page, which this frame does not get a bridge for.
    await frame.evaluate((host) => { location.href = `${host}/who`; }, otherHost);
    await page.waitForFunction(() => true);
    await eventually(async () => page.frames().some((one) => one.url().startsWith(otherHost)) || page.frames().some((one) => one.url().startsWith("chrome-error")), "the frame has gone there");
    const there = page.frames().find((one) => one.url().startsWith(otherHost));
    if (there) assert.equal(await askShell(there, { drawbridge: 1, kind: "core" }), "silence");
    assert.equal(other.seen.length, seen, "the other service heard nothing");
  });

  await t.test("floods the page with messages, and the page goes on", async () => {
    await page.getByRole("button", { name: "Load again" }).click();
    const again = await eventually(async () => page.frames().find((one) => one.parentFrame() === page.mainFrame() && one.url().endsWith("/") && !one.url().startsWith(otherHost)), "the application is back");
    await again.getByText("modules work").waitFor();
    const got = await again.evaluate(() => new Promise((resolve) => {
      let answers = 0;
      for (let i = 0; i < 5000; i += 1) { const { port1, port2 } = new MessageChannel(); port1.onmessage = ({ data }) => { if (data.kind === "core") answers += 1; }; top.postMessage({ drawbridge: 1, kind: "core" }, "*", [port2]); }
      setTimeout(() => resolve(answers), 2000);
    }));
    assert.ok(got <= 200, `${got} ports were given`);
    await page.getByRole("button", { name: "Offices" }).click();
    await page.getByRole("button", { name: "files" }).click();
    await page.getByText("contract.txt").waitFor();
  });

  await t.test("opened in a tab of its own, says where it opens, and sends nothing", async () => {
    const seen = app.seen.length + other.seen.length, tab = await page.context().newPage();
    await tab.goto(`${otherHost}/log-out`);
    await tab.getByText("This is a web application of your office").waitFor();
    await picture(tab, "phone-service-alone");
    assert.equal(app.seen.length + other.seen.length, seen);
    assert.equal(await tab.getByRole("link", { name: "Open it in Drawbridge" }).getAttribute("href"), `${relay.origin}/s/${new URL(otherHost).hostname.split(".")[0]}`);
    await tab.close();
  });

  await t.test("a host that this phone has no office for is cleared, and one that does not answer is explained", async () => {
    const stray = otherHost.replace(/s-[0-9a-f]{20}/, "s-00000000000000000000"), tab = await page.context().newPage();
    await tab.goto(`${stray}/.drawbridge/index.html`);
    await tab.evaluate(() => { localStorage.setItem("left", "behind"); });
    await page.goto(`${relay.origin}/s/s-00000000000000000000`);
    await page.getByText("This service is not open for this phone").waitFor();
    await picture(page, "phone-service-unknown");
    await eventually(() => tab.evaluate(() => localStorage.length === 0), "the host has thrown away what it kept");
    await tab.close();
    await page.getByRole("button", { name: "Offices" }).click();
    await page.route(/\/\/s-[0-9a-f]{20}\./, (route) => route.abort());
    await page.context().serviceWorkers().find((worker) => worker.url().startsWith(otherHost))?.evaluate(() => registration.unregister());
    await page.clock.install();
    await openService(page, "other");
    await page.locator("iframe").waitFor();
    await page.clock.runFor(21_000);
    await page.getByText("“other” does not open").waitFor();
    await picture(page, "phone-service-silent");
    await page.clock.resume();
    await page.unroute(/\/\/s-[0-9a-f]{20}\./);
  });

  await t.test("a page of elsewhere cannot frame a service's host", async () => {
    const answered = await new Promise((resolve) => { request({ host: "127.0.0.1", port: relay.port, path: "/", headers: { Host: new URL(otherHost).host } }, resolve).end(); });
    answered.resume();
    assert.match(answered.headers["content-security-policy"], /frame-ancestors http:\/\/shell\.bridge\.localhost:\*$/);
    assert.equal(answered.headers["content-type"], "text/html; charset=utf-8");
  });

  await t.test("keeps nothing on the phone when its office has ended the access", async () => {
    await page.goto(`${relay.origin}/`);
    await openService(page, "app");
    await (await serviceFrame(page)).getByText("modules work").waitFor();
    await (await serviceFrame(page)).evaluate(async () => { await fetch("/log-in"); localStorage.setItem("a", "b"); indexedDB.open("mine"); await caches.open("own"); });
    const [device] = await office.json("devices"), host = (await serviceFrame(page)).url().replace(/\/$/, "");
    await office.run("revoke", device.id);
    await page.getByText("has ended this phone’s access").waitFor();
    await eventually(() => page.evaluate(() => !Object.keys(localStorage).some((key) => key.startsWith("service "))), "the hosts were cleared");
    assert.equal(page.frames().length, 1);
    for (const one of [host, otherHost]) {
      const tab = await page.context().newPage();
      await tab.goto(`${one}/.drawbridge/index.html`);
      const left = await tab.evaluate(async () => [localStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length, document.cookie, (await navigator.serviceWorker.getRegistrations()).length]);
      assert.deepEqual(left, [0, 0, 0, "", 0], one);
      await tab.close();
    }
  });
});
