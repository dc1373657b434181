// A relay that serves the phone's page, an office with files, and a phone: Chromium at the size of one.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createHash } from "node:crypto";
import { appendFileSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Node, build, eventually, temporaryFolder } from "./bridge.mjs";
import { PHONE, openPage } from "./browser.mjs";

export const phonePage = path.resolve(build, "..", "build-wasm", "phone");
if (!existsSync(path.join(phonePage, "index.html"))) throw new Error(`${phonePage} is missing: run scripts/build-wasm and scripts/build-phone first.`);

/** `drawbridged --relay`, alone, with the phone's page. */
export class Relay {
  // `settings`: further lines of [relay]; with a certificate it speaks TLS. `lab`: it stands there, as the page's BASE says.
  constructor(test, folder, settings = "", lab = null) {
    this.lab = lab;
    this.base = lab?.base ?? "bridge.localhost";
    this.state = path.join(folder, "relay");
    this.log = path.join(folder, "relay.log");
    mkdirSync(this.state, { mode: 0o700 });
    this.settings = (port) => `[relay]\nwebsocket = ["${lab ? "0.0.0.0" : "127.0.0.1"}:${port}"]\noperator = "Ann"\ncountry = "FR"\ndrain_seconds = 0\nobserve = []\n${settings}`;
    this.port = lab?.port ?? 0;
    this.page = phonePage;
    test.after(() => this.stop());
  }

  async start() {
    writeFileSync(path.join(this.state, "config.toml"), this.settings(this.port));
    writeFileSync(this.log, "");
    const log = openSync(this.log, "a");
    const [program, ...words] = [...this.lab?.inside("relay") ?? [], path.join(build, "daemon", "drawbridged"), "--state", this.state, "--relay", "--log", "json",
      "--listen", `127.0.0.1:${this.udp ?? 0}`, ...(this.page ? ["--phone", this.base, "--phone-directory", this.page] : [])];
    this.process = spawn(program, words, { stdio: ["ignore", log, log] });
    const ready = await eventually(() => readFileSync(this.log, "utf8").split("\n").find((line) => line.includes('"ready"')), `the relay is ready: ${readFileSync(this.log, "utf8")}`);
    this.urls = JSON.parse(ready).listen;
    this.url = this.urls.find((url) => /^wss?:/.test(url));
    // By its name, whichever of its addresses it has found: its interface may just have come up.
    if (this.lab) this.url = this.url.replace(/^(wss?:\/\/)[^/:#]+/, `$1${this.lab.relayName}`);
    this.port = Number(/:(\d+)#/.exec(this.url)?.[1] ?? 443);
    this.udp = Number(/:(\d+)#/.exec(this.urls.find((url) => url.startsWith("udp:")))[1]);
    this.origin = `${this.url.startsWith("wss:") ? "https" : "http"}://shell.${this.base}${this.port === 443 ? "" : `:${this.port}`}`;
    return this;
  }

  async stop(signal = "SIGTERM") {
    if (!this.process) return;
    const { process } = this;
    this.process = null;
    const ended = once(process, "exit");
    process.kill(signal);
    await ended;
  }
}

/** The hash by which a release names itself. */
export const releaseOf = (folder) => JSON.parse(readFileSync(path.join(folder, "release.json"), "utf8")).release;

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Another release in `to`, of which one file is changed; unless `honest`, its worker was told the hash of the old file. */
export function changedRelease(to, { honest = true } = {}) {
  cpSync(phonePage, to, { recursive: true, filter: (file) => !file.endsWith(".br") });
  const old = releaseOf(to), release = sha256(`${old} changed`), text = (name) => readFileSync(path.join(to, name), "utf8");
  const renamed = (content) => content.replaceAll(old, release).replaceAll(old.slice(0, 16), release.slice(0, 16));
  renameSync(path.join(to, "v", old.slice(0, 16)), path.join(to, "v", release.slice(0, 16)));
  const changed = `v/${release.slice(0, 16)}/app.js`, before = sha256(text(changed));
  appendFileSync(path.join(to, changed), "// changed\n");
  for (const name of ["index.html", "manifest.webmanifest"]) writeFileSync(path.join(to, name), renamed(text(name)));
  const { files } = JSON.parse(renamed(text("release.json")));
  for (const name of Object.keys(files)) files[name] = sha256(readFileSync(path.join(to, name === "/" ? "index.html" : name)));
  if (!honest) files[`/${changed}`] = before;
  writeFileSync(path.join(to, "release.json"), JSON.stringify({ release, files }));
  writeFileSync(path.join(to, "sw.js"), renamed(text("sw.js")).replace(/JSON\.parse\('.*'\)/, `JSON.parse('${JSON.stringify(files)}')`));
  return to;
}

/** `lab`: relay and office stand in its networks. */
export async function world(test, settings, lab) {
  const folder = temporaryFolder(test);
  const relay = await new Relay(test, folder, settings, lab).start();
  const files = path.join(folder, "files");
  mkdirSync(path.join(files, "Letters"), { recursive: true });
  writeFileSync(path.join(files, "contract.txt"), "signed\n");
  const office = new Node(test, folder, "Office", lab ? "0.0.0.0:7470" : undefined);
  office.inside = lab?.inside("office") ?? [];
  await office.init();
  await office.start("--phone-directory", phonePage);
  await office.run("relay", "add", relay.url);
  await office.run("expose", "files", `folder:${files}`);
  const invite = async (...words) => (await office.run("pair", "--link-only", "--allow", "files", ...words)).trim();
  return { folder, relay, files, office, invite };
}

/** A phone's browser with nothing in it. */
export async function newPhone(browser, options = {}) {
  const page = await openPage(browser, { viewport: PHONE, hasTouch: true, isMobile: true, ...options });
  page.setDefaultTimeout(Number(process.env.DRAWBRIDGE_PATIENCE_MS ?? 60_000));
  return page;
}

/** Opens the link as the camera's app does, and says yes. */
export async function pairByCamera(page, link) {
  await page.goto(link);
  await page.getByRole("dialog").getByRole("button", { name: /^(Pair|Associer|Vincular)$/ }).click();
  await page.getByRole("button", { name: "files" }).waitFor();
}

export async function openFiles(page) {
  await page.getByRole("button", { name: "files" }).click();
  await page.getByText("contract.txt").waitFor();
}

export const openService = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** The frame of the service that is open, once it is the service's own page. */
export function serviceFrame(page) {
  return eventually(() => page.frames().find((frame) => /^https?:\/\/s-[0-9a-f]{20}\./.test(frame.url()) && !frame.url().includes("/.drawbridge/index.html")), "a service is open");
}
