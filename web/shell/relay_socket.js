// One WebSocket to a relay, as core.wasm asks for it. docs/spec/relay.md, "WebSocket".
const openingPatience = 15000;
const unsentMost = 1 << 20;  // what the browser may hold; the core's congestion control learns from what is dropped

export class RelaySocket {
  // `told`: {opened(), closed(), received(Uint8Array)}; none is called after close().
  constructor(url, protocols, told) {
    this.told = told;
    try {
      this.socket = new WebSocket(url, protocols);
    } catch {
      queueMicrotask(() => this.end());  // not an address that a page may open
      return;
    }
    this.socket.binaryType = "arraybuffer";
    this.patience = setTimeout(() => this.end(), openingPatience);
    this.socket.onopen = () => { clearTimeout(this.patience); this.told?.opened(); };
    this.socket.onmessage = ({ data }) => { if (data instanceof ArrayBuffer) this.told?.received(new Uint8Array(data)); };
    this.socket.onclose = this.socket.onerror = () => this.end();
  }

  send(bytes) {
    if (this.socket?.readyState !== 1 || this.socket.bufferedAmount > unsentMost) return false;
    this.socket.send(bytes);
    return true;
  }

  end() {
    const { told } = this;
    this.close();
    told?.closed();
  }

  close() {
    this.told = null;
    clearTimeout(this.patience);
    if (this.socket) this.socket.onopen = this.socket.onmessage = this.socket.onclose = this.socket.onerror = null;
    this.socket?.close();
  }
}
