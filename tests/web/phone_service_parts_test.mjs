// Policies, pages and cookies of an office's web applications, as the phone changes them on the way.
import assert from "node:assert/strict";
import test from "node:test";
import { labelOf } from "../../web/shell/service_hosts.js";
import { CookieJar, parseSetCookie } from "../../web/shell/service_cookies.js";
import { injecting, placeOfHead } from "../../web/service/injection.js";
import { amendedPolicy, movedLocation, passedHeaders } from "../../web/service/policy.js";

const SHIM = "https://s-0.bridge.example/.drawbridge/shim.js";
const amended = (policy) => amendedPolicy(policy, SHIM, "ours");

test("each service of each office has a label of its own, the same on every phone, which names neither", async () => {
  const labels = await Promise.all([["office-one", "crm"], ["office-two", "crm"], ["office-one", "files"], ["office-onec", "rm"], ["office-one", "crm"]].map(([office, service]) => labelOf(office, service)));
  for (const label of labels) assert.match(label, /^s-[0-9a-f]{20}$/);
  assert.equal(new Set(labels).size, 4);
  assert.equal(labels[0], labels[4]);
  assert.equal(labels[0], "s-e8a334fc3b3ecfad6473");
});

test("a policy allows the shim besides what it allowed, and not more", () => {
  assert.equal(amended("script-src 'self'"), "script-src 'self' 'nonce-ours'");
  assert.equal(amended("script-src 'none'; img-src *"), "script-src 'nonce-ours'; img-src *");
  assert.equal(amended("script-src 'nonce-abc' 'strict-dynamic'"), "script-src 'nonce-abc' 'strict-dynamic' 'nonce-ours'");
  assert.equal(amended("default-src 'none'; style-src 'self'"), "default-src 'none'; style-src 'self'; script-src-elem 'nonce-ours'");
  assert.equal(amended("script-src-elem a.example; script-src 'none'"), "script-src-elem a.example 'nonce-ours'; script-src 'none'");
  assert.equal(amended("img-src *"), "img-src *");
});

test("a policy that allows every inline script goes on doing so", () => {
  assert.equal(amended("script-src 'unsafe-inline'"), `script-src 'unsafe-inline' ${SHIM}`);
  assert.equal(amended("default-src 'self' 'unsafe-inline'"), `default-src 'self' 'unsafe-inline'; script-src-elem 'self' 'unsafe-inline' ${SHIM}`);
});

test("of several policies each is amended, and where they report to is dropped", () => {
  assert.equal(amended("script-src 'self', default-src 'none'; report-uri /csp"), "script-src 'self' 'nonce-ours', default-src 'none'; script-src-elem 'nonce-ours'");
});

test("an answer may be framed by the phone's page, whatever it said, and by its own", () => {
  const headers = passedHeaders([["x-frame-options", "DENY"], ["content-security-policy", "frame-ancestors 'none'"], ["content-type", "text/html"], ["set-cookie", "a=b"], ["clear-site-data", '"*"'], ["service-worker-allowed", "/"]],
    { shell: "https://shell.bridge.example", shim: SHIM, nonce: "ours" });
  assert.deepEqual([...headers], [["content-security-policy", "frame-ancestors 'self' https://shell.bridge.example"], ["content-type", "text/html"]]);
});

test("the program's own address becomes the host's, another stays", () => {
  const moved = (to) => movedLocation(to, "/a/b?c", "https://s-0.bridge.example", "http://service.localhost");
  assert.equal(moved("/x?y#z"), "https://s-0.bridge.example/x?y#z");
  assert.equal(moved("next"), "https://s-0.bridge.example/a/next");
  assert.equal(moved("http://service.localhost/x"), "https://s-0.bridge.example/x");
  assert.equal(moved("https://example.org/x"), "https://example.org/x");
  assert.equal(moved("http://["), null);
});

test("a page's head is found behind comments, and its place where it has none", () => {
  const placed = (text) => { const at = placeOfHead(text); return at < 0 ? "more" : `${text.slice(0, at)}|${text.slice(at)}`; };
  assert.equal(placed("<!doctype html><!-- <head> --><html lang=fr><head class=a><title>"), "<!doctype html><!-- <head> --><html lang=fr><head class=a>|<title>");
  assert.equal(placed("<p>none</p>"), "|<p>none</p>");
  assert.equal(placed("<html><body>"), "<html>|<body>");
  assert.equal(placed("<header>"), "|<header>");
  assert.equal(placed("plain text"), "|plain text");
  for (const early of ["", "  ", "<", "<!", "<!d", "\u00ef\u00bb", "<!-- not yet >", "<!doctype html", "<html lang=", "<hea", "<head class"]) assert.equal(placed(early), "more", early);
});

async function injected(pieces, piece = "<X>") {
  const source = new ReadableStream({ start: (control) => { for (const one of pieces) control.enqueue(new TextEncoder().encode(one)); control.close(); } });
  return new Response(source.pipeThrough(injecting(piece))).text();
}

test("a page is passed on whole with the piece in it, in whatever parts it comes", async () => {
  const page = "<!doctype html>\n<html><head><title>é</title></head><body>ü</body></html>", wanted = page.replace("<head>", "<head><X>");
  for (let cut = 0; cut <= page.length; cut += 1) assert.equal(await injected([page.slice(0, cut), page.slice(cut)]), wanted);
  assert.equal(await injected([...page]), wanted);
  assert.equal(await injected([]), "<X>");
  assert.equal(await injected([`<!--${"x".repeat(70_000)}`]), `<X><!--${"x".repeat(70_000)}`);
});

const NOW = Date.parse("2026-01-01T00:00:00Z");
const jarOf = (...lines) => { const jar = new CookieJar([], () => {}); jar.take(lines, "/a/b", true, NOW); return jar; };

test("cookies are read as browsers read them", () => {
  const read = (line) => { const found = parseSetCookie(line, NOW, "/a/b"); return found && { ...found, expires: found.expires && found.expires - NOW }; };
  assert.deepEqual(read("a=b"), { name: "a", value: "b", path: "/a", expires: null, hidden: false });
  assert.deepEqual(read(" a = b=c ; path=/x ; HTTPONLY; Secure; Max-Age=60"), { name: "a", value: "b=c", path: "/x", expires: 60_000, hidden: true });
  assert.equal(read("a=b; Expires=Thu, 01 Jan 2026 00:01:00 GMT").expires, 60_000);
  assert.equal(read("a=b; Max-Age=5; Expires=Thu, 01 Jan 2026 00:01:00 GMT").expires, 5000);
  assert.equal(parseSetCookie("a=b; Max-Age=-1", NOW, "/").expires, 0);
  assert.equal(read("a=b; Max-Age=999999999999").expires, 400 * 86400_000);
  for (const wrong of ["nothing", "=b", "a=b\u0001", `a=${"x".repeat(5000)}`]) assert.equal(read(wrong), null, wrong);
});

test("hidden cookies stay in the jar and are sent to their path until they end", () => {
  const jar = jarOf("s=1; HttpOnly; Path=/", "d=2; HttpOnly; Path=/a; Max-Age=60", "v=3; Path=/");
  assert.equal(jar.header("/a/x", [["v", "3"]], NOW), "d=2; s=1; v=3");
  assert.equal(jar.header("/ab", [], NOW), "s=1");
  assert.equal(jar.header("/a", [], NOW + 61_000), "s=1");
  assert.equal(jar.header("/a", [], NOW + 25 * 3600_000), "");
  jar.take(["s=; HttpOnly; Path=/; Max-Age=0"], "/", true, NOW);
  assert.equal(jar.header("/", [], NOW), "");
});

test("what scripts may see is given to the browser, or kept where it cannot be", () => {
  const jar = new CookieJar(null, () => {});
  assert.deepEqual(jar.take(["v=3; Path=/", "s=1; HttpOnly; Path=/"], "/", true, NOW).map(({ name }) => name), ["v"]);
  assert.deepEqual(jar.take(["v=3; Path=/"], "/", false, NOW), []);
  assert.equal(jar.header("/", [], NOW), "s=1; v=3");
});

test("a service keeps a hundred cookies at most, the newest", () => {
  const jar = jarOf(...Array.from({ length: 150 }, (_, i) => `n${i}=1; HttpOnly; Path=/`));
  assert.equal(jar.cookies.length, 100);
  assert.equal(jar.cookies.at(-1).name, "n149");
});
