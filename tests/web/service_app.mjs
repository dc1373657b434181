// A web application of an office that uses what web applications use, one address for each; tests ask it what it saw.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";
import { acceptSocket } from "./service_app_socket.mjs";

export const COUNTED = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 31) & 255));

const html = (body, head = "") => `<!doctype html>\n<!-- <head> in a comment --><html lang="en"><head><title>App</title>${head}</head><body>${body}</body></html>`;

const HOME = html(`<h1 id="here">The application</h1><p id="deep"></p><script type="module" src="/module.js"></script><link rel="stylesheet" href="style.css">
  <a id="saved" href="/report?q=1" download="report é.txt">Save</a> <a id="next" href="/second">Next</a> <a id="blank" href="/second" target="_blank">Blank</a>
  <form id="form" method="post" action="/form" enctype="multipart/form-data"><input name="word" value="naïve"><button>Send</button></form>`);

async function read(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

async function hashed(request) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const part of request) { hash.update(part); bytes += part.length; }
  return { bytes, sha256: hash.digest("hex"), length: request.headers["content-length"] ?? null };
}

function ranged(request, response, content, type) {
  const found = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  if (!found) return response.writeHead(200, { "content-type": type, "accept-ranges": "bytes", "content-length": content.length }).end(content);
  const from = Number(found[1]), to = found[2] ? Number(found[2]) : content.length - 1;
  return response.writeHead(206, { "content-type": type, "content-range": `bytes ${from}-${to}/${content.length}`, "content-length": to - from + 1 }).end(content.subarray(from, to + 1));
}

const basic = (user, password) => `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** {port, seen: requests' {method, url, headers}, streams: open event streams, sockets, start(), stop()}. Ends after the test. */
export async function serviceApp(test, more = {}) {
  const app = { seen: [], streams: [], sockets: [] };
  const answers = {
    "/": (request, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(HOME),
    "/second": (request, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(html('<h1 id="here">The second page</h1>')),
    "/module.js": (request, response) => response.setHeader("content-type", "text/javascript").end('import { word } from "./lib/word.js"; document.getElementById("deep").textContent = word;'),
    "/lib/word.js": (request, response) => response.setHeader("content-type", "text/javascript").end('export const word = "modules work";'),
    "/style.css": (request, response) => response.setHeader("content-type", "text/css").end("@import url(/more.css); body { margin: 1rem; }"),
    "/more.css": (request, response) => response.setHeader("content-type", "text/css").end("h1 { letter-spacing: 3px; }"),
    "/worker.js": (request, response) => response.setHeader("content-type", "text/javascript").end('fetch("/echo", { method: "POST", body: "from a worker" }).then((answer) => answer.json()).then(({ body }) => postMessage(body));'),
    "/own-worker.js": (request, response) => response.setHeader("content-type", "text/javascript").end("/* a service worker of the application's own */"),
    "/echo": async (request, response) => response.end(JSON.stringify({ method: request.method, headers: request.headers, body: (await read(request)).toString() })),
    "/form": async (request, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(html(`<pre id="here">${(await read(request)).toString().replace(/</g, "&lt;")}</pre><p id="type">${request.headers["content-type"]}</p>`)),
    "/upload": async (request, response) => response.end(JSON.stringify(await hashed(request))),
    "/events": (request, response) => { response.writeHead(200, { "content-type": "text/event-stream" }).write("data: hello\n\n"); app.streams.push(response); },
    "/ranges": (request, response) => ranged(request, response, COUNTED, "application/octet-stream"),
    "/film": (request, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(html('<video id="here" src="/film.webm" preload="auto" muted></video>')),
    "/film.webm": (request, response) => ranged(request, response, app.film, "video/webm"),
    "/packed": (request, response) => response.writeHead(200, { "content-type": "text/plain", "content-encoding": "gzip" }).end(gzipSync("packed text")),
    "/packed.html": (request, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-encoding": "gzip" }).end(gzipSync(html('<p id="here">packed page</p>'))),
    "/report": (request, response) => response.end("the report\n"),
    "/large": (request, response) => { const left = randomBytes(1 << 20); let n = 32; (function more() { while (n > 0) { n -= 1; if (!response.write(left)) return response.once("drain", more); } return response.end(); })(); },
    "/moved": (request, response) => response.writeHead(302, { location: `http://127.0.0.1:${app.port}/second?moved` }).end(),
    "/moved-here": (request, response) => response.writeHead(307, { location: "/echo" }).end(),
    "/log-in": (request, response) => response.writeHead(303, { location: "/who", "set-cookie": ["session=s3cret; HttpOnly; Path=/; SameSite=Strict", "theme=dark; Path=/; Max-Age=3600", "deep=1; HttpOnly; Path=/deep"] }).end(),
    "/log-out": (request, response) => response.setHeader("set-cookie", ["session=; HttpOnly; Path=/; Max-Age=0", "theme=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]).end("out"),
    "/who": (request, response) => response.setHeader("content-type", "text/html; charset=utf-8").end(html(`<p id="here">${request.headers.cookie ?? "nobody"}</p>`)),
    "/policy": (request, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'; script-src 'nonce-abc'; frame-ancestors 'none'", "x-frame-options": "DENY" })
      .end(html('<p id="here">bound</p><script nonce="abc">let bound; try { eval("1"); } catch (error) { bound = error.name; } document.title = `${bound} ${globalThis.drawbridgeShim}`</script><script>document.title = "loose"</script>')),
    "/private": (request, response) => {
      if (request.headers.authorization !== basic("ann", "secret")) return response.writeHead(401, { "www-authenticate": 'Basic realm="The <b>archive</b>"' }).end("who are you");
      return response.setHeader("content-type", "text/html; charset=utf-8").end(html('<p id="here">the archive</p>'));
    },
    ...more,
  };
  const server = createServer((request, response) => {
    app.seen.push({ method: request.method, url: request.url, headers: request.headers });
    const answer = answers[request.url.split("?")[0]];
    return answer ? answer(request, response, app) : response.writeHead(404).end("none");
  });
  server.on("upgrade", (request, socket) => acceptSocket(app, request, socket));
  app.start = async () => { await once(server.listen(app.port ?? 0, "127.0.0.1"), "listening"); app.port = server.address().port; };
  app.stop = () => { server.close(); server.closeAllConnections(); for (const socket of app.sockets) socket.destroy(); };
  await app.start();
  test.after(app.stop);
  return app;
}
