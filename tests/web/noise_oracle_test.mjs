// The handshake against an independent implementation: the worked example of docs/spec/handshake.md, and handshakes with the
// project's own code at the other end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { build } from "./bridge.mjs";
import { required } from "./browser.mjs";
import { Handshake, concat, mac, open, seal, text } from "./noise.mjs";

const { ed25519, edwardsToMontgomeryPriv, edwardsToMontgomeryPub, x25519 } = required("@noble/curves/ed25519");
const { blake2b } = required("@noble/hashes/blake2");

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const unhex = (digits) => Uint8Array.from(Buffer.from(digits, "hex"));
const counting = (from) => Uint8Array.from({ length: 32 }, (_, i) => from + i);
const derive = (key, label, context = new Uint8Array()) => blake2b(concat(Uint8Array.of(label.length), text(label), context), { key, dkLen: 32 });

const document = readFileSync(new URL("../../docs/spec/handshake.md", import.meta.url), "utf8");
const example = Object.fromEntries([...document.matchAll(/^ {4}([a-z0-9_]+) += ([0-9a-f]+)$/gm)].map(([, name, value]) => [name, value]));

test("the worked example of the handshake document, by another implementation", () => {
  const end = (from) => ({ id: ed25519.getPublicKey(counting(from)), priv: edwardsToMontgomeryPriv(counting(from)), pub: edwardsToMontgomeryPub(ed25519.getPublicKey(counting(from))) });
  const device = end(0x00), office = end(0x40), psk = counting(0x80);
  assert.deepEqual([device.id, device.pub, office.id, office.pub].map(hex), [example.device_id, example.device_key, example.office_id, example.office_key]);
  const prologue = concat(text("drawbridge/1"), Uint8Array.of(1), office.id, device.id);
  const first = new Handshake("initiator", { prologue, priv: device.priv, remote: office.pub, psk, ephemeral: counting(0xa0) });
  const second = new Handshake("responder", { prologue, priv: office.priv, psk, ephemeral: counting(0xc0) });

  // Each end reads what the document shows, and writes the same.
  assert.equal(hex(first.write(second.read(unhex(example.message1)))), example.message1);
  assert.deepEqual(hex(second.remote), example.device_key);
  const reader = Object.assign(Object.create(Handshake.prototype), first);
  const answer = reader.read(unhex(example.message2));
  assert.equal(hex(second.write(answer)), example.message2);
  assert.equal(hex(reader.hash), example.handshake_hash);
  assert.equal(hex(second.hash), example.handshake_hash);

  const master = mac(second.chaining, concat(text("drawbridge/1 exporter"), second.hash)).slice(0, 32);
  assert.equal(hex(derive(master, "traffic to office")), example.traffic_to_office);
  assert.equal(hex(derive(master, "traffic to device")), example.traffic_to_device);
  assert.equal(hex(derive(derive(master, "traffic to office"), "key")), example.traffic_key);
  assert.equal(hex(derive(master, "pair")), example.next_psk);
  assert.equal(hex(blake2b(second.hash, { key: derive(master, "finished device"), dkLen: 32 })), example.finished_device);
  assert.equal(hex(derive(psk, "knock")), example.knock);
  assert.equal(hex(derive(psk, "knock tag").slice(0, 16)), example.knock_tag);
});

/** The project's own end, in a process. */
class Peer {
  constructor(t) {
    this.process = spawn(path.join(build, "tests", "web", "noise_peer"), { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    t.after(() => this.process.kill());
  }
  say(...lines) { this.process.stdin.write(lines.map((line) => `${typeof line === "string" ? line : hex(line)}\n`).join("")); }
  async hear() { const { value } = await this.lines.next(); return value === "refused" ? value : unhex(value); }
}

function drawn() {
  const own = x25519.utils.randomPrivateKey(), theirs = x25519.utils.randomPrivateKey();
  return { prologue: randomBytes(20), psk: randomBytes(32), own, theirs, payloads: [randomBytes(1 + own[0]), randomBytes(own[1])].map((bytes) => Uint8Array.from(bytes)) };
}

async function asInitiator(peer, { prologue, psk, own, theirs, payloads }, damage = (message) => message) {
  const mine = new Handshake("initiator", { prologue, priv: own, remote: x25519.getPublicKey(theirs), psk });
  peer.say("responder", prologue, theirs, "-", psk, randomBytes(32), payloads[1], damage(mine.write(payloads[0])));
  const read = await peer.hear();
  if (read === "refused") return read;
  assert.deepEqual(read, payloads[0]);
  assert.deepEqual(mine.read(await peer.hear()), payloads[1]);
  return mine;
}

async function asResponder(peer, { prologue, psk, own, theirs, payloads }, damage = (message) => message) {
  const mine = new Handshake("responder", { prologue, priv: own, psk });
  peer.say("initiator", prologue, theirs, x25519.getPublicKey(own), psk, randomBytes(32), payloads[1]);
  assert.deepEqual(mine.read(await peer.hear()), payloads[1]);
  assert.deepEqual(mine.remote, x25519.getPublicKey(theirs));
  peer.say(damage(mine.write(payloads[0])));
  const read = await peer.hear();
  if (read === "refused") return read;
  assert.deepEqual(read, payloads[0]);
  return mine;
}

for (const [role, run] of [["initiator", asInitiator], ["responder", asResponder]]) {
  test(`a hundred handshakes in which the other implementation is the ${role}`, async (t) => {
    const peer = new Peer(t);
    for (let i = 0; i < 100; i += 1) {
      const mine = await run(peer, drawn());
      assert.deepEqual(await peer.hear(), mine.hash);
      const keys = [await peer.hear(), await peer.hear()];
      // What one end seals, the other opens.
      mine.split().forEach((key, way) => assert.deepEqual(open(keys[way], i, prologueOf(i), seal(key, i, prologueOf(i), text("over"))), text("over")));
    }
  });

  test(`a message of the other implementation as ${role} is refused with any byte changed`, async (t) => {
    const peer = new Peer(t);
    for (let i = 0; i < 100; i += 1) {
      const flip = (message) => { const out = message.slice(); out[Math.floor((i / 100) * out.length)] ^= 1 << (i % 8); return out; };
      assert.equal(await run(peer, drawn(), flip), "refused");
    }
  });
}
const prologueOf = (i) => text(`message ${i}`);
