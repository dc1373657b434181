// WebSockets of web applications on a phone: spoken by the page over a flow, for what a service's page calls WebSocket.
import assert from "node:assert/strict";
import test from "node:test";
import { eventually } from "./bridge.mjs";
import { openBrowser } from "./browser.mjs";
import { newPhone, openService, pairByCamera, serviceFrame, world } from "./phone_world.mjs";
import { serviceApp } from "./service_app.mjs";
import { FrameReader, closeFrame, frame as clientFrame } from "../../web/shell/websocket_client.js";

test("a web application's WebSockets on a phone", async (t) => {
  const { office } = await world(t);
  const app = await serviceApp(t);
  await office.run("expose", "app", `http://127.0.0.1:${app.port}`);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const page = await newPhone(browser);
  await pairByCamera(page, (await office.run("pair", "--link-only", "--allow", "files,app")).trim());
  await openService(page, "app");
  const frame = await serviceFrame(page);
  await frame.getByText("modules work").waitFor();
  await frame.evaluate(() => {
    globalThis.opened = (...given) => new Promise((resolve) => {
      const socket = new WebSocket(...given);
      socket.binaryType = "arraybuffer";
      socket.heard = [];
      socket.onmessage = ({ data }) => socket.heard.push(data);
      socket.onopen = () => resolve(socket);
      socket.ended = new Promise((end) => { socket.onclose = ({ code, reason, wasClean }) => { end({ code, reason, wasClean }); resolve(socket); }; });
    });
  });

  await t.test("carry texts and bytes both ways, with the subprotocol that was agreed", async () => {
    const heard = await frame.evaluate(async () => {
      const socket = await opened(`ws://${location.host}/socket`, ["one", "two"]), bytes = new Uint8Array(3_000_000).map((_, i) => i * 7);
      socket.send("grüße");
      socket.send(bytes);
      socket.send(new Blob(["blob"]));
      while (socket.heard.length < 3) await new Promise((wake) => setTimeout(wake, 10));
      const [text, large, blob] = socket.heard;
      const same = new Uint8Array(large).every((byte, i) => byte === bytes[i]) && large.byteLength === bytes.length;
      return { protocol: socket.protocol, text, same, blob: new TextDecoder().decode(blob), kind: socket instanceof WebSocket, open: WebSocket.OPEN === socket.readyState, url: socket.url, unsent: socket.bufferedAmount };
    });
    const host = new URL(frame.url()).host;
    assert.deepEqual(heard, { protocol: "two", text: "grüße", same: true, blob: "blob", kind: true, open: true, url: `ws://${host}/socket`, unsent: 0 });
    const asked = app.seen.find(({ method }) => method === "UPGRADE");
    assert.equal(asked.headers.origin, `http://127.0.0.1:${app.port}`);
    assert.equal(asked.headers.host, `127.0.0.1:${app.port}`);
  });

  await t.test("end with the code and the words of whoever ends them", async () => {
    assert.deepEqual(await frame.evaluate(async () => { const socket = await opened("/socket"); socket.close(3333, "enough"); return socket.ended; }), { code: 3333, reason: "enough", wasClean: true });
    assert.deepEqual(app.closed, [3333, "enough"]);
    assert.deepEqual(await frame.evaluate(async () => { const socket = await opened("/socket"); socket.send("close me"); return socket.ended; }), { code: 4001, reason: "as you wish", wasClean: true });
    assert.deepEqual(await frame.evaluate(async () => { const socket = await opened("/socket"); socket.send("break"); return socket.ended; }), { code: 1006, reason: "", wasClean: false });
    assert.deepEqual(await frame.evaluate(async () => (await opened("/no-socket")).ended), { code: 1006, reason: "", wasClean: false });
  });

  await t.test("take messages in parts, and answer a ping", async () => {
    const heard = await frame.evaluate(async () => {
      const socket = await opened("/socket");
      socket.send("in parts");
      socket.send("ping me");
      while (!socket.heard.length) await new Promise((wake) => setTimeout(wake, 10));
      return socket.heard[0];
    });
    assert.equal(heard, "one two");
    await eventually(() => app.pong === "still there?", "the ping was answered");
  });

  await t.test("bring the cookies that scripts do not see", async () => {
    await frame.evaluate(() => fetch("/log-in"));
    await frame.evaluate(() => opened("/socket"));
    assert.match(app.seen.filter(({ method }) => method === "UPGRADE").at(-1).headers.cookie, /session=s3cret; theme=dark/);
  });

  await t.test("refuse what the browser's would refuse", async () => {
    const names = await frame.evaluate(() => [["ftp://a/"], ["/socket", ["a", "a"]], ["/socket#part"], ["/socket", "bad token"]].map((given) => { try { return String(new WebSocket(...given)); } catch (error) { return error.name; } }));
    assert.deepEqual(names, ["SyntaxError", "SyntaxError", "SyntaxError", "SyntaxError"]);
  });

  await t.test("end when the application is left", async () => {
    const open = app.sockets.filter((socket) => !socket.destroyed).length;
    assert.ok(open > 0);
    await page.getByRole("button", { name: "Offices" }).click();
    await page.getByRole("button", { name: "files" }).waitFor();
    await eventually(() => app.sockets.every((socket) => socket.destroyed), "all are closed at the program");
  });
});

// --- the reading of frames -----------------------------------------------------------------------------------------------------

const unmasked = (bytes) => {  // a client's frame as a server would have sent it
  const short = bytes[1] & 127, at = short === 126 ? 4 : short === 127 ? 10 : 2, mask = bytes.slice(at, at + 4);
  const out = new Uint8Array(bytes.length - 4);
  out.set(bytes.subarray(0, at));
  out[1] &= 127;
  for (let i = 0; i < out.length - at; i += 1) out[at + i] = bytes[at + 4 + i] ^ mask[i & 3];
  return out;
};
const read = (...pieces) => { const reader = new FrameReader(); return pieces.flatMap((piece) => [...reader.take(piece)]); };
const codeOf = (bytes) => { try { read(bytes); return null; } catch (error) { return error.close; } };

test("frames of any size are read, in whatever pieces they come", () => {
  for (const size of [0, 1, 125, 126, 65535, 65536, 200_000]) {
    const payload = new Uint8Array(size).map((_, i) => i), whole = unmasked(clientFrame(2, payload));
    for (const cut of [1, 2, 3, 9, whole.length - 1]) assert.deepEqual(read(whole.slice(0, cut), whole.slice(cut)), [{ bytes: payload }], `${size} cut at ${cut}`);
  }
});

test("frames that a program must not send end the WebSocket with the code of their fault", () => {
  assert.equal(codeOf(clientFrame(1, new Uint8Array(1))), 1002, "masked");
  assert.equal(codeOf(new Uint8Array([0xc1, 0])), 1002, "a reserved bit");
  assert.equal(codeOf(new Uint8Array([0x83, 0])), 1002, "a reserved opcode");
  assert.equal(codeOf(new Uint8Array([0x80, 0])), 1002, "a continuation of nothing");
  assert.equal(codeOf(new Uint8Array([0x01, 0, 0x81, 0])), 1002, "a message within another");
  assert.equal(codeOf(new Uint8Array([0x09, 0])), 1002, "a ping in parts");
  assert.equal(codeOf(new Uint8Array([0x89, 126, 0, 126])), 1002, "a long ping");
  assert.equal(codeOf(new Uint8Array([0x88, 1, 3])), 1002, "a close of one byte");
  assert.equal(codeOf(new Uint8Array([0x82, 127, 0, 0, 0, 0, 1, 0, 0, 1])), 1009, "too long");
  assert.equal(codeOf(new Uint8Array([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255])), 1009, "longer than numbers go");
  assert.equal(codeOf(new Uint8Array([0x81, 1, 0xff])), 1007, "no UTF-8");
  assert.deepEqual(read(unmasked(closeFrame(1000, "bye"))), [{ close: 1000, reason: "bye" }]);
  assert.deepEqual(read(unmasked(closeFrame(null, ""))), [{ close: 1005, reason: "" }]);
});
