// Programs of others that tests start.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { eventually } from "./bridge.mjs";

/** nginx with these `server` blocks, until the test is over. `alive`: an address at which it answers. */
export async function nginx(test, folder, servers, alive) {
  const file = path.join(folder, "nginx.conf");
  for (const name of ["logs", "temporary"]) mkdirSync(path.join(folder, name), { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/temporary;`).join("\n");
  writeFileSync(file, `daemon off;\nuser root;\npid ${folder}/nginx.pid;\nerror_log ${folder}/logs/error.log;\nevents {}\nhttp {\naccess_log off;\ninclude /etc/nginx/mime.types;\n${temporary}\n${servers}\n}\n`);
  const server = spawn("nginx", ["-c", file, "-p", folder, "-e", `${folder}/logs/error.log`], { stdio: "inherit" });
  test.after(async () => { const ended = once(server, "exit"); server.kill("SIGTERM"); await ended; });
  await eventually(() => fetch(alive).then(() => true, () => false), "nginx answers");
}
