// One WebSocket of a service's page: a port to the page's shim at one end, a flow to the office's program at the other.
// page → port: {text | bytes, length}  {close, reason}  {took}; back: {open, protocol}  {text | bytes, length}  {taken}  {closed, code, reason, clean}.
import { FrameReader, binaryFrame, closeFrame, pongFrame, textFrame, upgrade } from "./websocket_client.js";

const aheadMost = 1 << 20;        // told to the page and not yet taken by it
const unsentMost = 32 << 20;      // taken from the page and not yet by the flow
const closingPatience = 10_000;

export class ServiceSocket {
  constructor(port, ended) {
    Object.assign(this, { port, ended, ahead: 0, unsent: 0, wake: () => {}, writing: Promise.resolve(), stop: new AbortController(), closeSent: false, over: false });
    port.onmessage = ({ data }) => this.hear(data);
  }

  async run(client, asked) {
    try {
      const { flow, source, protocol } = await upgrade(client, { ...asked, signal: this.stop.signal });
      this.flow = flow;
      if (this.over) return flow.reset();
      this.port.postMessage({ open: true, protocol });
      return await this.read(source);
    } catch (error) {
      if (error?.close && this.flow) this.write(closeFrame(error.close, ""));
      return this.end({ code: 1006, reason: "", clean: false });
    }
  }

  async read(source) {
    const reader = new FrameReader();
    for (let bytes = await source.some(1 << 20); bytes; bytes = await source.some(1 << 20)) {
      for (const message of reader.take(bytes)) {
        if (message.ping) { this.write(pongFrame(message.ping)); continue; }
        if (message.pong) continue;
        if (message.close !== undefined) return this.closed(message);
        await this.tell(message);
      }
    }
    return this.end({ code: 1006, reason: "", clean: false });
  }

  async tell(message) {
    const length = message.bytes?.length ?? message.text.length;
    while (this.ahead > aheadMost && !this.over) await new Promise((wake) => { this.wake = wake; });
    if (this.over) return;
    this.ahead += length;
    this.port.postMessage({ ...message, length }, message.bytes ? [message.bytes.buffer] : []);
  }

  hear(data) {
    if (typeof data !== "object" || data === null || this.over) return;
    if (Number.isFinite(data.took)) { this.ahead -= data.took; this.wake(); }
    else if (typeof data.text === "string") this.send(textFrame(data.text), data.length);
    else if (data.bytes instanceof Uint8Array) this.send(binaryFrame(data.bytes), data.length);
    else if ("close" in data) this.close(data);
  }

  send(bytes, length) {
    if (!this.flow || this.closeSent) return;
    this.unsent += bytes.length;
    if (this.unsent > unsentMost) return void this.end({ code: 1006, reason: "", clean: false });
    this.write(bytes).then(() => { this.unsent -= bytes.length; if (!this.over) this.port.postMessage({ taken: Number(length) || 0 }); }, () => {});
  }

  write(bytes) {
    this.writing = this.writing.then(() => this.flow.write(bytes));
    this.writing.catch(() => {});
    return this.writing;
  }

  // The page closes: the program answers with a closing frame of its own.
  close({ close, reason }) {
    if (!this.flow) return this.end({ code: 1006, reason: "", clean: false });
    if (this.closeSent) return undefined;
    this.closeSent = true;
    const valid = close === 1000 || (Number.isInteger(close) && close >= 3000 && close <= 4999);
    this.write(closeFrame(valid ? close : null, typeof reason === "string" ? reason : ""));
    this.patience = setTimeout(() => this.end({ code: 1006, reason: "", clean: false }), closingPatience);
    return undefined;
  }

  async closed({ close, reason }) {
    if (!this.closeSent) await this.write(closeFrame(close === 1005 ? null : close, "")).catch(() => {});
    this.flow.finish();
    this.end({ code: close, reason, clean: true });
  }

  end(told) {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.patience);
    this.wake();
    this.stop.abort(new Error("closed"));
    this.port.postMessage({ closed: true, ...told });
    this.port.onmessage = null;
    if (told.clean) this.writing.catch(() => {}).then(() => this.flow?.reset());
    else this.flow?.reset();
    this.ended();
  }
}
