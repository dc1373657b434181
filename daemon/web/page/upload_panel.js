// The uploads of this page: two at a time, each with its progress.
import { askConflict, tell } from "./dialogs.js";
import { element, icon, iconButton } from "./dom.js";
import * as format from "./format.js";
import { Upload } from "./upload.js";
import { say, sayError } from "./words.js";

const atOnce = 2;

export class UploadPanel {
  // `arrived(folder)`: a file is there now.
  arrived = () => {};

  constructor() {
    this.uploads = [];
    this.rows = new Map();
    this.forAll = null;
    this.asking = Promise.resolve();
    this.title = element("h2.uploads-title");
    this.list = element("ul.uploads-list");
    this.clear = iconButton("close", say("clear"), () => this.forget());
    this.panel = element("section.uploads", { "aria-label": say("uploads"), hidden: true }, element("header.uploads-top", {}, this.title, this.clear), this.list);
    document.body.append(this.panel);
    addEventListener("beforeunload", (event) => { if (this.uploads.some((upload) => upload.active)) event.preventDefault(); });
  }

  add(folder, files) {
    if (this.uploads.every((upload) => upload.over)) this.forAll = null;
    for (const file of files) {
      const upload = new Upload(folder, file, { changed: (one) => this.changed(one), conflict: (one) => this.settle(one) });
      this.uploads.push(upload);
      this.rows.set(upload, this.row(upload));
      this.list.append(this.rows.get(upload).node);
      this.changed(upload);
    }
    this.panel.hidden = false;
    this.startNext();
  }

  startNext() {
    const running = this.uploads.filter((upload) => upload.active).length;
    for (const upload of this.uploads.filter((one) => one.state === "waiting").slice(0, Math.max(0, atOnce - running))) {
      upload.run().then(() => this.startNext());
    }
  }

  // One question at a time.
  settle(upload) {
    this.asking = this.asking.then(async () => {
      if (this.forAll) return this.forAll;
      const several = this.uploads.filter((one) => !one.over).length > 1;
      const { action, forAll } = await askConflict(upload.file.name, several);
      if (forAll) this.forAll = action;
      return action;
    });
    return this.asking;
  }

  row(upload) {
    const parts = {
      state: element("p.upload-state"),
      bar: element("progress.upload-bar", { max: 1, value: 0, "aria-label": upload.file.name }),
      pause: iconButton("pause", say("pause"), () => upload.pause()),
      resume: iconButton("resume", say("resume"), () => { if (upload.state === "stalled") upload.tryNow(); else { upload.resume(); this.startNext(); } }),
      cancel: iconButton("close", say("cancel"), () => { upload.cancel(); this.startNext(); }),
    };
    const name = element("p.upload-name", { title: upload.file.name }, element("bdi", {}, upload.file.name));
    parts.node = element("li.upload", {}, element("div.upload-line", {}, name, parts.pause, parts.resume, parts.cancel), parts.bar, parts.state);
    return parts;
  }

  changed(upload) {
    const row = this.rows.get(upload);
    if (!row) return;
    row.node.className = `upload upload-${upload.state}`;
    row.bar.value = upload.progress;
    row.bar.hidden = upload.over;
    row.state.replaceChildren(this.stateText(upload));
    row.pause.hidden = !["sending", "waiting", "checking"].includes(upload.state);
    row.resume.hidden = !["paused", "stalled"].includes(upload.state);
    row.cancel.hidden = upload.over;
    if (upload.state === "cancelled") { row.node.remove(); this.rows.delete(upload); this.uploads = this.uploads.filter((one) => one !== upload); }
    if (upload.state === "done" && !upload.announced) { upload.announced = true; tell(say("uploaded", { name: upload.name })); this.arrived(upload.folder); }
    this.refreshTop();
  }

  stateText(upload) {
    const percent = format.percent(upload.progress);
    switch (upload.state) {
      case "sending": return say("sending", { percent, left: upload.speed ? format.timeLeft(upload.secondsLeft) : format.size(upload.file.size) });
      case "paused": return say("paused", { percent });
      case "failed": return sayError(upload.error);
      case "done": return element("span", {}, upload.name === upload.file.name ? say("done") : `${say("done")}: ${upload.name}`);
      default: return say(upload.state);
    }
  }

  refreshTop() {
    const all = this.uploads.length, over = this.uploads.filter((upload) => upload.over).length;
    this.panel.hidden = all === 0;
    this.title.textContent = over === all ? say("uploadsDone") : say("filesUploading", { count: over, all });
    this.clear.hidden = over < all;
  }

  forget() {
    for (const upload of this.uploads) this.rows.get(upload)?.node.remove();
    this.uploads = [];
    this.rows.clear();
    this.refreshTop();
  }
}

// Everything that was dropped, folders with what is in them: [{folders: ["a", "b"], file}].
export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ folders: [], file }));
  const found = [];
  const walk = async (entry, folders) => {
    if (entry.isFile) return found.push({ folders, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return undefined;
      for (const one of some) await walk(one, [...folders, entry.name]);
    }
  };
  for (const entry of entries) await walk(entry, []);
  return found;
}
