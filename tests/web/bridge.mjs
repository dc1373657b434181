// An office and its devices on this machine, driven as a person would drive them: the JavaScript side of tests/e2e/bridge.py.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const build = path.resolve(process.env.DRAWBRIDGE_BUILD ?? "build");
const cli = path.join(build, "cli", "drawbridge");
const daemon = path.join(build, "daemon", "drawbridged");
// The daemons would use it for relays.
delete process.env.https_proxy;
delete process.env.HTTPS_PROXY;

/** Waits until condition() gives something true, and returns it. */
export async function eventually(condition, what, seconds = 60) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(20);
  }
}

/** SHA-256 of a file, in hexadecimal digits. */
export async function hashOf(file) {
  const hash = createHash("sha256");
  for await (const part of createReadStream(file)) hash.update(part);
  return hash.digest("hex");
}

/** A folder that is gone after the test. */
export function temporaryFolder(test) {
  const folder = mkdtempSync(path.join(tmpdir(), "drawbridge-web-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** One computer: a state folder, and its daemon while it runs. It is stopped after the test. */
export class Node {
  constructor(test, folder, name, listen = "127.0.0.1:0") {
    // `inside`: the words that start a program in this computer's network.
    Object.assign(this, { inside: [], name, listen, state: path.join(folder, name), log: path.join(folder, `${name}.log`) });
    test.after(() => this.stop());
  }

  /** The command line's output; throws with its error text unless it exits with 0. */
  run(...words) {
    return new Promise((resolve, reject) => {
      execFile(cli, ["--state", this.state, ...words], { timeout: 120_000, maxBuffer: 64 << 20 }, (error, out, err) =>
        error ? reject(Object.assign(new Error(`${words.join(" ")}: ${err}${out}`), { code: error.code })) : resolve(out));
    });
  }

  async json(...words) { return JSON.parse(await this.run(...words, "--json")); }

  init(...words) { return this.json("init", "--name", this.name, ...words); }

  async start(...words) {
    const log = openSync(this.log, "a");
    const [program, ...all] = [...this.inside, daemon, "--state", this.state, "--listen", this.listen, ...words];
    this.process = spawn(program, all, { stdio: ["ignore", log, log] });
    await this.run("wait", "--ready", "--timeout", "60s");
    return this;
  }

  /** Ends the daemon and returns its exit code. */
  async stop(signal = "SIGTERM") {
    if (!this.process) return null;
    const { process } = this;
    this.process = null;
    if (process.exitCode === null && process.signalCode === null) {
      const ended = once(process, "exit");
      process.kill(signal);
      await ended;
    }
    return process.exitCode;
  }

  /** The address at which this device's browser finds a service. */
  urlOf(service) {
    return eventually(async () => (await this.json("services")).find((one) => one.name === service)?.url, `${service} has an address`);
  }

  connectedTo(name) { return this.run("wait", "--connected", name, "--timeout", "60s"); }
}

/** Invites a device and joins it. */
export async function pair(office, device, ...words) {
  const link = (await office.run("pair", "--link-only", "--name", device.name, ...words)).trim();
  await device.json("join", link);
  await office.connectedTo(device.name);
}
