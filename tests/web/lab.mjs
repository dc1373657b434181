// natlab's networks under relay, office and browser: lines with a delay and a rate, by real routers and TCP. Needs root.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./bridge.mjs";
import { openBrowser } from "./browser.mjs";

const natlab = fileURLToPath(new URL("../netns/natlab/natlab", import.meta.url));

export class Lab {
  relayName = "relay.natlab.test";

  /** Relay, office and laptop, each at a public address. `base`: below which the relay's hosts for phones are. */
  constructor(test, base = "bridge.localhost") {
    this.base = base;
    // Links name no port but for localhost.
    this.port = base.endsWith("localhost") ? 0 : 443;
    this.folder = temporaryFolder(test);
    this.prefix = `web${process.pid % 10_000}`;
    this.run("up", "--office", "public", "--laptop", "public");
    test.after(() => this.run("down"));
  }

  run(...words) { return execFileSync(natlab, ["--prefix", this.prefix, ...words], { encoding: "utf8" }); }
  inside(host) { return ["ip", "netns", "exec", `${this.prefix}-${host}`]; }
  /** A certificate for the hosts below the base by an authority that this lab's browser trusts; lines of [relay] for it. */
  certificate() {
    const file = (name) => path.join(this.folder, name), run = (program, ...words) => execFileSync(program, words, { stdio: "pipe" });
    const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    run("openssl", "req", "-x509", ...fresh, "-subj", "/CN=Office authority", "-keyout", file("ca.key"), "-out", file("ca.pem"));
    run("openssl", "req", "-x509", ...fresh, "-subj", `/CN=${this.base}`, "-addext", `subjectAltName=DNS:*.${this.base}`, "-addext", "basicConstraints=critical,CA:FALSE",
      "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-keyout", file("relay.key"), "-out", file("relay.pem"));
    const database = file(".pki/nssdb");
    mkdirSync(database, { recursive: true });
    run("certutil", "-d", `sql:${database}`, "-N", "--empty-password");
    run("certutil", "-d", `sql:${database}`, "-A", "-t", "C,,", "-n", "Office authority", "-i", file("ca.pem"));
    return `certificate = "${file("relay.pem")}"\nkey = "${file("relay.key")}"\n`;
  }

  spawn(host, ...words) {
    const [program, ...all] = [...this.inside(host), ...words];
    return spawn(program, all, { stdio: "ignore" });
  }
  answers(host, url) {
    const [program, ...all] = [...this.inside(host), "curl", "-sf", "-o", "/dev/null", url];
    return spawnSync(program, all).status === 0;
  }
  pids(host) { return execFileSync("ip", ["netns", "pids", `${this.prefix}-${host}`], { encoding: "utf8" }).trim().split("\n"); }

  /** A browser on the laptop, for which the hosts below the base are the relay. */
  async openBrowser(test) {
    const start = path.join(this.folder, "chromium");
    // Its own home: what authorities it trusts is kept there.
    writeFileSync(start, `#!/bin/sh\nHOME=${this.folder} exec ${this.inside("laptop").join(" ")} /usr/bin/chromium "$@"\n`);
    chmodSync(start, 0o755);
    const browser = await openBrowser([`--host-resolver-rules=MAP *.${this.base} ${this.relayName}`], start);
    test.after(() => browser.close());
    return browser;
  }
}
