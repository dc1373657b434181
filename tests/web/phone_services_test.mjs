// Web applications of an office on a phone: each in a frame and on a host of its own. docs/spec/phone.md, "Services".
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { accessibilityFaults, openBrowser, picture, sought } from "./browser.mjs";
import { newPhone, openService, pairByCamera, serviceFrame, world } from "./phone_world.mjs";
import { COUNTED, serviceApp } from "./service_app.mjs";

test("a web application on a phone", async (t) => {
  const { folder, office } = await world(t);
  const app = await serviceApp(t);
  await office.run("expose", "app", `http://127.0.0.1:${app.port}`);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, (await office.run("pair", "--link-only", "--allow", "files,app")).trim());
  const frame = () => serviceFrame(page);
  const inApp = async (act, argument) => (await frame()).evaluate(act, argument);
  const ask = (url, options) => inApp(async ([one, more]) => { const answer = await fetch(one, more); return { status: answer.status, url: answer.url, headers: Object.fromEntries(answer.headers), text: await answer.text() }; }, [url, options]);
  const back = () => page.evaluate(() => history.back());  // the browser's button: playwright's waits for the whole page
  const goTo = async (url) => { await inApp((one) => { location.href = one; }, url); };

  await t.test("opens under a bar with its name, on a host of its own", async () => {
    await openService(page, "app");
    await (await frame()).getByText("modules work").waitFor();
    assert.match((await frame()).url(), /^http:\/\/s-[0-9a-f]{20}\.bridge\.localhost:\d+\/$/);
    await page.getByRole("banner").getByText("app").waitFor();
    await page.getByRole("banner").getByText("relayed by Ann, FR").waitFor();
    assert.equal(await inApp(() => getComputedStyle(document.getElementById("here")).letterSpacing), "3px");
    await picture(page, "phone-service");
    assert.deepEqual(await accessibilityFaults(page), []);
  });

  await t.test("says whose it is to nobody: the office hears of the application's own name, and of its page as the origin", async () => {
    const { headers, body } = JSON.parse((await ask("/echo", { method: "POST", body: "ü", headers: { "X-Forwarded-Host": "evil" } })).text);
    assert.equal(headers.host, `127.0.0.1:${app.port}`);
    assert.equal(headers.origin, `http://127.0.0.1:${app.port}`);
    assert.match(headers.referer, new RegExp(`^http://127.0.0.1:${app.port}/`));
    assert.equal(headers["content-length"], "2");
    assert.equal(body, "ü");
    assert.ok(headers["drawbridge-device"]);
  });

  await t.test("gets events as they happen", async () => {
    await inApp(() => { globalThis.heard = []; new EventSource("/events").onmessage = ({ data }) => heard.push(data); });
    await eventually(async () => (await inApp(() => heard.length)) === 1, "the first event is there");
    app.streams.at(-1).write("data: again\n\n");
    await eventually(async () => (await inApp(() => heard.join())) === "hello,again", "the second event is there while the answer goes on");
  });

  await t.test("sends forms and files, and large ones while they are read", async () => {
    await (await frame()).getByRole("button", { name: "Send" }).click();
    await (await frame()).getByText("naïve").waitFor();
    assert.match(await (await frame()).locator("#type").textContent(), /^multipart\/form-data; boundary=/);
    await back();
    await (await frame()).getByText("modules work").waitFor();
    const wanted = createHash("sha256").update(Buffer.alloc(50_000_000, "0123456789")).digest("hex");
    const sent = await inApp(async () => {
      const content = new Blob([new TextEncoder().encode("0123456789".repeat(5_000_000))]), form = new FormData();
      form.append("file", content, "large.bin");
      const plain = await (await fetch("/upload", { method: "POST", body: content })).json();
      return [plain, await (await fetch("/upload", { method: "POST", body: form })).json()];
    });
    assert.deepEqual(sent[0], { bytes: 50_000_000, sha256: wanted, length: "50000000" });
    assert.ok(sent[1].bytes > 50_000_000, JSON.stringify(sent[1]));
  });

  await t.test("gets a large answer and parts of one", async () => {
    assert.equal((await inApp(async () => (await (await fetch("/large")).arrayBuffer()).byteLength)), 32 << 20);
    const { status, headers } = await ask("/ranges", { headers: { Range: "bytes=1000-1999" } });
    assert.equal(status, 206);
    assert.equal(headers["content-range"], `bytes 1000-1999/${COUNTED.length}`);
  });

  await t.test("shows a film, of which seeking asks for the part that is wanted", async () => {
    const file = path.join(folder, "film.webm");
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x180:rate=10:duration=60,noise=alls=50:allf=t", "-c:v", "libvpx", "-g", "10", "-b:v", "4M", "-deadline", "realtime", "-cpu-used", "8", file]);
    app.film = readFileSync(file);
    await goTo("/film");
    const film = (await frame()).locator("video");
    await film.waitFor();
    assert.equal(Math.round(await sought(film, 50)), 50);
    assert.ok(app.seen.some(({ url, headers }) => url === "/film.webm" && /^bytes=[1-9]/.test(headers.range ?? "")), "a part from within was asked for");
    await goTo("/");
    await (await frame()).getByText("modules work").waitFor();
  });

  await t.test("runs workers of its own, whose requests go the same way, but no service worker", async () => {
    assert.equal(await inApp(() => new Promise((resolve) => { new Worker("/worker.js").onmessage = ({ data }) => resolve(data); })), "from a worker");
    assert.equal(await inApp(() => navigator.serviceWorker.register("/own-worker.js").then(() => "taken", (error) => error.name)), "SecurityError");
  });

  await t.test("goes back with the browser's button, inside the application and out of it", async () => {
    await (await frame()).locator("#next").click();
    await (await frame()).getByText("The second page").waitFor();
    await back();
    await (await frame()).getByText("modules work").waitFor();
    await (await frame()).locator("#blank").click();
    await (await frame()).getByText("The second page").waitFor();
    assert.equal(page.context().pages().length, 1);
    // The page that was there shows the same words until the new one has taken its place.
    await inApp(() => { globalThis.before = true; });
    await page.getByRole("button", { name: "Load again" }).click();
    await eventually(() => inApp(() => !globalThis.before && document.readyState === "complete" && document.body.textContent.includes("The second page")).catch(() => false), "the second page was loaded again");
    await back();
    await (await frame()).getByText("modules work").waitFor();
    await page.getByRole("button", { name: "Offices" }).click();
    await page.getByRole("button", { name: "files" }).waitFor();
    await openService(page, "app");
    await (await frame()).getByText("modules work").waitFor();
    await page.reload();
    await (await frame()).getByText("modules work").waitFor();
  });

  await t.test("signs in by a cookie that its scripts do not see, and keeps the others in the browser", async () => {
    await goTo("/log-in");
    await (await frame()).getByText("session=s3cret; theme=dark").waitFor();
    assert.equal((await frame()).url().replace(/.*\d/, ""), "/who");
    assert.equal(await inApp(() => document.cookie), "theme=dark");
    assert.equal(await inApp(async () => (await indexedDB.databases()).length + localStorage.length), 0);
    await inApp(() => { document.cookie = "mine=1; path=/"; });
    assert.equal(JSON.parse((await ask("/echo")).text).headers.cookie, "session=s3cret; theme=dark; mine=1");
    await page.reload();
    await (await frame()).getByText("modules work").waitFor();
    assert.match(JSON.parse((await ask("/echo")).text).headers.cookie, /session=s3cret/);
    await ask("/log-out");
    assert.equal(JSON.parse((await ask("/echo")).text).headers.cookie, "mine=1");
  });

  await t.test("asks for a name and a password where the program does, and says when they are wrong", async () => {
    await goTo("/private");
    await (await frame()).getByText("“The <b>archive</b>” asks for a name and a password.").waitFor();
    await picture(page, "phone-service-sign-in");
    assert.deepEqual(await accessibilityFaults(page), []);
    const signIn = async (password) => {
      await (await frame()).getByLabel("Name").fill("ann");
      await (await frame()).getByLabel("Password").fill(password);
      await (await frame()).getByRole("button", { name: "Sign in" }).click();
    };
    await signIn("wrong");
    await (await frame()).getByText("They were not accepted.").waitFor();
    await signIn("secret");
    await (await frame()).getByText("the archive", { exact: true }).waitFor();
    assert.equal(new URL((await frame()).url()).pathname, "/private");
    const byRequest = await inApp(() => new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("GET", "/echo", true, "bob", "pass: word");
      request.onload = () => resolve(JSON.parse(request.responseText).headers.authorization);
      request.send();
    }));
    assert.equal(byRequest, `Basic ${Buffer.from("bob:pass: word").toString("base64")}`);
  });

  await t.test("follows what has moved, also to the program's own name", async () => {
    await goTo("/moved");
    await (await frame()).getByText("The second page").waitFor();
    assert.match((await frame()).url(), /^http:\/\/s-[0-9a-f]{20}\.bridge\.localhost:\d+\/second\?moved$/);
    const { url, text } = await ask("/moved-here", { method: "POST", body: "kept" });
    assert.match(url, /\/echo$/);
    assert.deepEqual([JSON.parse(text).method, JSON.parse(text).body], ["POST", "kept"]);
  });

  await t.test("unpacks what the program has packed", async () => {
    const { text, headers } = await ask("/packed");
    assert.equal(text, "packed text");
    assert.equal(headers["content-encoding"], undefined);
    await goTo("/packed.html");
    await (await frame()).getByText("packed page").waitFor();
    assert.equal(await inApp(() => globalThis.drawbridgeShim), true);
  });

  await t.test("keeps its own policy, and lets the frame be", async () => {
    await goTo("/policy");
    await (await frame()).getByText("bound").waitFor();
    assert.equal(await (await frame()).title(), "EvalError true");
    await goTo("/");
    await (await frame()).getByText("modules work").waitFor();
  });

  await t.test("saves what a link names as a file", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), (await frame()).locator("#saved").click()]);
    assert.equal(download.suggestedFilename(), "report é.txt");
    assert.equal(readFileSync(await download.path(), "utf8"), "the report\n");
    await (await frame()).getByText("modules work").waitFor();
  });

  // What a browser says of the answers that are tried above.
  const meant = /unsupported MIME type|Refused to execute inline|status of (401|404)|Content Security Policy/;
  assert.deepEqual(page.faults.filter((fault) => !meant.test(fault)), []);
});

for (const [language, locale, colorScheme, home, words, again] of [["French", "fr-FR", "dark", "Bureaux", "L’application ne répond pas pour l’instant", "Réessayer"], ["Spanish", "es-ES", "light", "Oficinas", "La aplicación no responde ahora", "Reintentar"]]) {
  test(`a web application on a phone in ${language}, whose program and then whose office goes and comes back`, async (t) => {
    const { office } = await world(t);
    const app = await serviceApp(t);
    await office.run("expose", "app", `http://127.0.0.1:${app.port}`);
    const browser = await openBrowser();
    t.after(() => browser.close());
    const page = await newPhone(browser, { locale, colorScheme });
    await pairByCamera(page, (await office.run("pair", "--link-only", "--allow", "files,app")).trim());
    await openService(page, "app");
    const frame = await serviceFrame(page);
    await frame.getByText("modules work").waitFor();
    app.stop();
    await frame.locator("#next").click();
    await frame.getByText(words).waitFor();
    await picture(page, `phone-service-away-${language}`);
    assert.deepEqual(await accessibilityFaults(page), []);
    await app.start();
    await frame.getByText(again).click();
    await frame.getByText("The second page").waitFor();
    await office.stop("SIGKILL");
    await frame.evaluate(() => { location.href = "/"; });
    await office.start();
    await eventually(async () => {
      if (await frame.getByText(words).isVisible()) await frame.getByText(again).click();
      return frame.getByText("modules work").isVisible();
    }, "the application goes on");
    await picture(page, `phone-service-${language}`);
    await page.getByRole("button", { name: home }).click();
    await page.getByRole("button", { name: "app", exact: true }).waitFor();
  });
}
