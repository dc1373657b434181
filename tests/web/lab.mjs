// natlab's networks under relay, office and browser: lines with a delay and a rate, by real routers and TCP. Needs root.
import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./bridge.mjs";
import { openBrowser } from "./browser.mjs";

const natlab = fileURLToPath(new URL("../netns/natlab/natlab", import.meta.url));

export class Lab {
  relayName = "relay.natlab.test";

  /** Relay, office and laptop, each at a public address. */
  constructor(test) {
    this.folder = temporaryFolder(test);
    this.prefix = `web${process.pid % 10_000}`;
    this.run("up", "--office", "public", "--laptop", "public");
    test.after(() => this.run("down"));
  }

  run(...words) { return execFileSync(natlab, ["--prefix", this.prefix, ...words], { encoding: "utf8" }); }
  inside(host) { return ["ip", "netns", "exec", `${this.prefix}-${host}`]; }
  pids(host) { return execFileSync("ip", ["netns", "pids", `${this.prefix}-${host}`], { encoding: "utf8" }).trim().split("\n"); }

  /** A browser on the laptop, for which the hosts below bridge.localhost are the relay. */
  async openBrowser(test) {
    const start = path.join(this.folder, "chromium");
    writeFileSync(start, `#!/bin/sh\nexec ${this.inside("laptop").join(" ")} /usr/bin/chromium "$@"\n`);
    chmodSync(start, 0o755);
    const browser = await openBrowser([`--host-resolver-rules=MAP *.bridge.localhost ${this.relayName}`], start);
    test.after(() => browser.close());
    return browser;
  }
}
