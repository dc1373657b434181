// One connection to a service, through the bridge: bytes both ways, each as fast as the other end takes them.
export class Flow {
  constructor(core, office, service) {
    this.core = core;
    this.readers = [];
    this.writers = [];
    this.id = core.openFlow(office, service, this);
  }

  hear(kind, reset, message) {
    if (kind === "ended") {
      this.over = reset === "none" ? { code: "closed" } : { code: reset, message };
      this.id = 0;
    }
    const woken = kind === "readable" ? this.readers : kind === "writable" ? this.writers : kind === "ended" ? [...this.readers, ...this.writers] : [];
    if (kind === "readable" || kind === "ended") this.readers = [];
    if (kind === "writable" || kind === "ended") this.writers = [];
    for (const wake of woken) wake();
  }

  // The next bytes; null: the end. Throws {code} of flow.hpp's names when the flow was reset.
  async read() {
    for (;;) {
      const bytes = this.take();
      if (bytes) return bytes;
      if (this.ended) return null;
      if (this.over) throw this.over;
      await new Promise((wake) => this.readers.push(wake));
    }
  }

  take() {
    if (!this.id) return null;
    const { exports } = this.core;
    exports.readable(this.id);
    const bytes = this.core.answer().slice();
    if (bytes.length) exports.consume(this.id, bytes.length);
    this.ended ||= Boolean(exports.at_end(this.id));
    if (bytes.length) this.core.touch();
    return bytes.length ? bytes : null;
  }

  // Resolves when the core has taken all of it.
  async write(bytes) {
    let at = 0;
    while (at < bytes.length) {
      if (this.over) throw this.over;
      const taken = this.put(bytes.subarray(at));
      at += taken;
      if (!taken) await new Promise((wake) => this.writers.push(wake));
    }
  }

  put(bytes) {
    this.core.exports.write_space(this.id, bytes.length);
    const room = this.core.answer();
    room.set(bytes.subarray(0, room.length));
    if (!room.length) return 0;
    this.core.exports.commit_write(this.id, room.length);
    this.core.touch();
    return room.length;
  }

  finish() { if (this.id) { this.core.exports.finish_write(this.id); this.core.touch(); } }

  reset() {
    if (!this.id) return;
    this.core.exports.reset_flow(this.id);
    this.core.flows.delete(this.id);
    this.hear("ended", "aborted", "");
    this.core.touch();
  }
}
