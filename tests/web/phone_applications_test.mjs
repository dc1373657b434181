// Programs from Debian, unmodified, in their frames on a phone: Radicale (calendars) and Syncthing's page.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { DESKTOP, PHONE, openBrowser, picture } from "./browser.mjs";
import { newPhone, openService, pairByCamera, serviceFrame, world } from "./phone_world.mjs";

async function freePort() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address();
  server.close();
  return port;
}

const answers = (port) => new Promise((resolve) => {
  const socket = connect(port, "127.0.0.1", () => { socket.destroy(); resolve(true); });
  socket.on("error", () => resolve(false));
});

/** A program of the office, which is ended after the test. */
async function serve(t, folder, port, command, ...words) {
  const log = openSync(path.join(folder, `${path.basename(command)}.log`), "a");
  const child = spawn(command, words, { stdio: ["ignore", log, log], env: { ...process.env, STNOUPGRADE: "1", STNORESTART: "1" } });
  t.after(async () => { const ended = once(child, "exit"); child.kill(); if (child.exitCode === null && child.signalCode === null) await ended; });
  await eventually(() => answers(port), `${command} answers: ${readFileSync(path.join(folder, `${path.basename(command)}.log`), "utf8")}`);
}

async function startRadicale(t, folder) {
  const port = await freePort(), file = (name) => path.join(folder, name);
  writeFileSync(file("users"), "ann:secret\n");
  writeFileSync(file("radicale.conf"), `[server]\nhosts = 127.0.0.1:${port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = ${file("users")}\nhtpasswd_encryption = plain\n[storage]\nfilesystem_folder = ${file("collections")}\n`);
  await serve(t, folder, port, "radicale", "--config", file("radicale.conf"));
  return { port, collections: file("collections/collection-root/ann") };
}

// Alone: nothing of it looks for anybody.
async function startSyncthing(t, folder) {
  const port = await freePort(), home = path.join(folder, "syncthing");
  mkdirSync(home);
  execFileSync("syncthing", ["generate", `--home=${home}`, "--no-default-folder"], { stdio: "ignore", env: { ...process.env, HOME: home } });
  const config = path.join(home, "config.xml"), off = (text, name) => text.replace(new RegExp(`<${name}>.*?</${name}>`), `<${name}>false</${name}>`);
  let text = readFileSync(config, "utf8");
  for (const name of ["globalAnnounceEnabled", "localAnnounceEnabled", "relaysEnabled", "natEnabled", "crashReportingEnabled"]) text = off(text, name);
  text = text.replace("<listenAddress>default</listenAddress>", "<listenAddress>tcp://127.0.0.1:0</listenAddress>").replace(/<urAccepted>.*?<\/urAccepted>/, "<urAccepted>-1</urAccepted>");
  writeFileSync(config, text);
  await serve(t, folder, port, "syncthing", "serve", `--home=${home}`, "--no-browser", `--gui-address=127.0.0.1:${port}`);
  return { port };
}

const both = async (page, name) => {
  await picture(page, name);
  await page.setViewportSize(DESKTOP);
  await picture(page, `${name}-desktop`);
  await page.setViewportSize(PHONE);
};

test("programs from Debian on a phone", async (t) => {
  const { folder, office } = await world(t);
  const radicale = await startRadicale(t, folder), syncthing = await startSyncthing(t, folder);
  await office.run("expose", "calendar", `http://127.0.0.1:${radicale.port}`);
  await office.run("expose", "syncthing", `http://127.0.0.1:${syncthing.port}`);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, (await office.run("pair", "--link-only", "--allow", "files,calendar,syncthing")).trim());
  await picture(page, "phone-home-applications");

  await t.test("Radicale: signing in, and a calendar that is made there", async () => {
    await openService(page, "calendar");
    const frame = await serviceFrame(page);
    await frame.locator("#loginscene input[data-name=user]").fill("ann");
    await frame.locator("#loginscene input[data-name=password]").fill("secret");
    await frame.locator("#loginscene button[type=submit]").click();
    await frame.locator("#collectionsscene").waitFor();
    await frame.locator("#collectionsscene a[data-name=new]").click();
    const form = frame.locator("#createcollectionscene");
    await form.locator("input[data-name=displayname]").fill("Appointments");
    await form.locator("button[data-name=submit], button[type=submit]").first().click();
    await frame.locator("#collectionsscene").getByText("Appointments").waitFor();
    await both(page, "phone-radicale");
    assert.ok(existsSync(radicale.collections) && readdirSync(radicale.collections).length > 0, "the calendar is at the office");
    await page.getByRole("button", { name: "Offices" }).click();
  });

  await t.test("Syncthing: its whole page, and a change that is kept", async () => {
    await openService(page, "syncthing");
    const frame = await serviceFrame(page);
    await frame.getByText("This Device").first().waitFor();
    await frame.getByText("Uptime").first().waitFor();
    await eventually(async () => (await frame.evaluate(() => document.title)).includes("Syncthing"), "its title is there");
    await both(page, "phone-syncthing");
    const answered = await frame.evaluate(async () => {
      const [, token] = /(?:^|; )CSRF-Token-\w+=([^;]+)/.exec(document.cookie), name = /CSRF-Token-\w+/.exec(document.cookie)[0];
      const ask = (options) => fetch("/rest/config/options", { ...options, headers: { [`X-${name}`]: token, "Content-Type": "application/json" } });
      const changed = await ask({ method: "PATCH", body: JSON.stringify({ maxSendKbps: 321 }) });
      return [changed.status, (await (await ask({})).json()).maxSendKbps];
    });
    assert.deepEqual(answered, [200, 321]);
  });
});
