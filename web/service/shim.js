// Comes first in every page of a service on the phone, and gives it what a worker cannot: WebSockets, downloads by a link,
// and names and passwords in XMLHttpRequest. It also brings the worker's question for the bridge to the phone's page.
"use strict";
if (top !== window && navigator.serviceWorker && !globalThis.drawbridgeShim) {
  Object.defineProperty(globalThis, "drawbridgeShim", { value: true });
  const shell = location.origin.replace(/\/\/s-[0-9a-f]{20}\./, "//shell."), workers = navigator.serviceWorker, page = top;
  const post = page.postMessage.bind(page), here = location.origin;

  workers.addEventListener("message", (event) => {
    if (event.data?.drawbridge !== 1) return;
    event.stopImmediatePropagation();
    if (event.data.kind === "need-core" && event.ports.length === 1) post({ drawbridge: 1, kind: "core" }, shell, event.ports);
  });
  workers.startMessages();
  addEventListener("message", (event) => {
    if (event.source !== page || event.origin !== shell || event.data?.drawbridge !== 1) return;
    event.stopImmediatePropagation();
    if (event.data.kind === "reload") { post({ drawbridge: 1, kind: "reloading" }, shell); location.reload(); }
  });
  try { sessionStorage.removeItem("drawbridge again"); } catch { /* a sandboxed page has none */ }

  // --- WebSocket (WHATWG's interface) over a port to the phone's page --------------------------------------------------
  const fields = ["CONNECTING", "OPEN", "CLOSING", "CLOSED"], tokens = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
  const Native = globalThis.WebSocket;

  class BridgedSocket extends EventTarget {
    #port; #state = 0; #unsent = 0; #url; #protocol = ""; #binary = "blob"; #handlers = {};
    constructor(address, protocols = []) {
      super();
      const url = new URL(address, document.baseURI), list = (typeof protocols === "string" ? [protocols] : [...protocols]).map(String);
      url.protocol = url.protocol.replace(/^http/, "ws");
      if (!/^wss?:$/.test(url.protocol) || url.hash) throw new DOMException(`The address '${address}' is not valid.`, "SyntaxError");
      if (new Set(list).size !== list.length || !list.every((one) => tokens.test(one))) throw new DOMException("The subprotocols are not valid.", "SyntaxError");
      this.#url = url.href;
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      port1.onmessage = ({ data }) => this.#hear(data);
      const worker = workers.controller;
      if (!worker) { setTimeout(() => this.#end(1006, "", false)); return; }
      worker.postMessage({ drawbridge: 1, kind: "socket", target: url.pathname + url.search, protocols: list }, [port2]);
    }

    get url() { return this.#url; }
    get readyState() { return this.#state; }
    get bufferedAmount() { return this.#unsent; }
    get protocol() { return this.#protocol; }
    get extensions() { return ""; }
    get binaryType() { return this.#binary; }
    set binaryType(kind) { if (kind === "blob" || kind === "arraybuffer") this.#binary = kind; }

    send(content) {
      if (this.#state === 0) throw new DOMException("Still connecting.", "InvalidStateError");
      if (content instanceof Blob) { const length = content.size; this.#unsent += length; content.arrayBuffer().then((bytes) => this.#post({ bytes: new Uint8Array(bytes), length })); return; }
      const binary = content instanceof ArrayBuffer || ArrayBuffer.isView(content);
      const bytes = binary ? new Uint8Array(content.buffer ? content.buffer.slice(content.byteOffset, content.byteOffset + content.byteLength) : content.slice(0)) : null;
      const text = binary ? null : String(content), length = binary ? bytes.length : new TextEncoder().encode(text).length;
      this.#unsent += length;
      this.#post(binary ? { bytes, length } : { text, length });
    }
    #post(message) { if (this.#state === 1) this.#port.postMessage(message); }

    close(code, reason = "") {
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException("The code is not valid.", "InvalidAccessError");
      if (new TextEncoder().encode(reason).length > 123) throw new DOMException("The reason is too long.", "SyntaxError");
      if (this.#state >= 2) return;
      this.#state = 2;
      this.#port.postMessage({ close: code ?? null, reason: String(reason) });
    }

    #hear(data) {
      if (data.taken) { this.#unsent -= data.taken; return; }
      if (data.failed || data.closed) { this.#end(data.code ?? 1006, data.reason ?? "", Boolean(data.clean)); return; }
      if (data.open) { if (this.#state !== 0) return; this.#state = 1; this.#protocol = data.protocol; this.dispatchEvent(new Event("open")); return; }
      this.#port.postMessage({ took: data.length });
      if (this.#state !== 1) return;
      const content = data.text ?? (this.#binary === "blob" ? new Blob([data.bytes]) : data.bytes.buffer);
      this.dispatchEvent(new MessageEvent("message", { data: content, origin: new URL(this.#url).origin }));
    }

    #end(code, reason, wasClean) {
      if (this.#state === 3) return;
      this.#state = 3;
      this.#port.close();
      if (!wasClean) this.dispatchEvent(new Event("error"));
      this.dispatchEvent(new CloseEvent("close", { code, reason, wasClean }));
    }

    static on(kind) {
      Object.defineProperty(BridgedSocket.prototype, `on${kind}`, {
        get() { return this.#handlers[kind]?.told ?? null; },
        set(told) {
          if (this.#handlers[kind]) this.removeEventListener(kind, this.#handlers[kind]);
          const handler = typeof told === "function" ? Object.assign((event) => told.call(this, event), { told }) : null;
          this.#handlers[kind] = handler;
          if (handler) this.addEventListener(kind, handler);
        }, enumerable: true, configurable: true,
      });
    }
  }
  ["open", "message", "error", "close"].forEach((kind) => BridgedSocket.on(kind));
  delete BridgedSocket.on;
  fields.forEach((name, value) => { for (const where of [BridgedSocket, BridgedSocket.prototype]) Object.defineProperty(where, name, { value, enumerable: true }); });

  // Another host's WebSocket is not ours to carry.
  const ours = (address) => { try { return new URL(address, document.baseURI).host === location.host; } catch { return true; } };
  globalThis.WebSocket = new Proxy(BridgedSocket, {
    construct: (target, [address, protocols], asked) => (ours(address) ? Reflect.construct(target, protocols === undefined ? [address] : [address, protocols], asked) : new Native(address, protocols ?? [])),
  });
  BridgedSocket.prototype.constructor = globalThis.WebSocket;
  Object.defineProperty(BridgedSocket, "name", { value: "WebSocket" });

  // --- requests ---------------------------------------------------------------------------------------------------------
  const same = (address) => { try { return new URL(address, document.baseURI).origin === here; } catch { return false; } };
  const lengthOf = (body) => (body instanceof Blob ? body.size : body instanceof ArrayBuffer || ArrayBuffer.isView(body) ? body.byteLength : null);
  const request = XMLHttpRequest.prototype, { open, send, setRequestHeader } = request, asked = new WeakMap();
  request.open = function drawbridgeOpen(method, address, ...rest) {
    const [asynchronous = true, user = null, password = null] = rest, ofOurs = same(address);
    asked.set(this, { user: ofOurs ? user : null, password, ofOurs, authorized: false });
    return ofOurs && user !== null ? open.call(this, method, address, asynchronous) : open.call(this, method, address, ...rest);
  };
  request.setRequestHeader = function drawbridgeHeader(name, value) {
    if (String(name).toLowerCase() === "authorization" && asked.has(this)) asked.get(this).authorized = true;
    return setRequestHeader.call(this, name, value);
  };
  const basic = (user, password) => `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${password ?? ""}`)))}`;
  request.send = function drawbridgeSend(body) {
    const { user, password, authorized, ofOurs } = asked.get(this) ?? {};
    if (user !== null && user !== undefined && !authorized) setRequestHeader.call(this, "Authorization", basic(user, password));
    const length = ofOurs ? lengthOf(body) : null;
    if (length !== null) setRequestHeader.call(this, "X-Drawbridge-Length", String(length));
    return send.call(this, body);
  };
  const { fetch } = globalThis;
  globalThis.fetch = function drawbridgeFetch(resource, options) {
    const length = options?.body && !(resource instanceof Request) && same(resource) ? lengthOf(options.body) : null;
    if (length === null) return fetch.call(globalThis, resource, options);
    const headers = new Headers(options.headers);
    headers.set("X-Drawbridge-Length", String(length));
    return fetch.call(globalThis, resource, { ...options, headers });
  };

  // --- links ------------------------------------------------------------------------------------------------------------
  function download(link) {
    const url = new URL(link.href), carrier = document.createElement("iframe");
    carrier.hidden = true;
    carrier.src = `/.drawbridge/download?${new URLSearchParams({ to: url.pathname + url.search, name: link.download })}`;
    document.documentElement.append(carrier);
    setTimeout(() => carrier.remove(), 60_000);
  }
  const wanted = (link) => link.hasAttribute("download") && /^https?:/.test(link.protocol) && link.origin === here;
  addEventListener("click", (event) => {
    const link = event.composedPath().find((one) => one instanceof HTMLAnchorElement && one.href);
    if (!link || event.defaultPrevented || event.button) return;
    if (wanted(link)) { event.preventDefault(); download(link); return; }
    // A tab of its own has no bridge, and a page of elsewhere does not belong in this frame.
    if (link.origin === here && link.target === "_blank") link.target = "_self";
    else if (/^https?:/.test(link.protocol) && link.origin !== here) { link.target = "_blank"; link.relList.add("noopener"); }
  });
  const { click } = HTMLAnchorElement.prototype;
  HTMLAnchorElement.prototype.click = function drawbridgeClick() {
    if (!this.isConnected && wanted(this)) download(this);
    else click.call(this);
  };
  const nativeOpen = globalThis.open;
  globalThis.open = function drawbridgeOpenWindow(address, ...rest) {
    if (!address || !same(address)) return nativeOpen.call(globalThis, address, ...rest);
    location.assign(address);
    return globalThis;
  };
}
