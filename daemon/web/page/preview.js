// Looking at a file without leaving the folder.
import { element, icon, iconButton } from "./dom.js";
import * as format from "./format.js";
import * as office from "./office.js";
import { say, sayError } from "./words.js";

const longestText = 512 * 1024;

async function text(url, entry) {
  const pre = element("pre.preview-text", { tabIndex: 0 });
  const answer = await office.beginning(url, longestText).catch((error) => { if (entry.bytes === 0) return null; throw error; });
  pre.textContent = answer ? await answer.text() : "";
  if (entry.bytes <= longestText) return pre;
  return element("div.preview-column", {}, pre, element("p.note", {}, say("textCut")));
}

const missing = (entry) => element("div.preview-none", {}, icon(entry.preview), element("p", {}, say("noPreview")));

async function content(url, entry) {
  const gone = (event) => event.target.replaceWith(missing(entry));
  switch (entry.preview) {
    case "picture": return element("img.preview-picture", { src: url, alt: entry.name, onerror: gone });
    case "video": return element("video.preview-video", { src: url, controls: true, autoplay: false, onerror: gone });
    case "audio": return element("audio.preview-audio", { src: url, controls: true, onerror: gone });
    case "pdf": if (navigator.pdfViewerEnabled === false) return missing(entry);  // many phones
      return element("iframe.preview-pdf", { src: url, title: entry.name });
    case "text": return text(url, entry);
    default: return missing(entry);
  }
}

export class Preview {
  // `step(entry, ±1)`: the neighbour to show, or null. `closed()`: the person is done.
  constructor({ step, closed }) {
    Object.assign(this, { step, closed });
    this.place = element("div.preview-place");
    this.title = element("h2.preview-title");
    this.details = element("p.preview-details");
    this.download = element("a.button.primary", { title: say("download") }, icon("download"), element("span.wide", {}, say("download")));
    this.previous = iconButton("previous", say("previous"), () => this.go(-1));
    this.next = iconButton("next", say("next"), () => this.go(1));
    this.dialog = element("dialog.preview", {},
      element("header.preview-top", {}, element("div.preview-names", {}, this.title, this.details), this.previous, this.next, this.download, iconButton("close", say("close"), () => this.dialog.close())),
      this.place);
    this.dialog.addEventListener("close", () => { this.place.replaceChildren(); this.entry = null; this.closed(); });
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    document.body.append(this.dialog);
  }

  key(event) {
    if (event.target.matches("video, audio, pre")) return;
    if (event.key === "ArrowLeft") this.go(-1);
    if (event.key === "ArrowRight") this.go(1);
  }

  go(direction) {
    const neighbour = this.step(this.entry, direction);
    if (neighbour) this.chosen(neighbour);
  }

  async show(url, entry) {
    this.entry = entry;
    this.title.replaceChildren(element("bdi", {}, entry.name));
    this.details.textContent = `${format.size(entry.bytes)} · ${format.fullDate(entry.modified_ms)}`;
    this.dialog.setAttribute("aria-label", say("preview", { name: entry.name }));
    this.download.href = `${url}?download`;
    this.previous.disabled = !this.step(entry, -1);
    this.next.disabled = !this.step(entry, 1);
    this.place.replaceChildren(element("p.note", { role: "status" }, say("loading")));
    if (!this.dialog.open) this.dialog.showModal();
    const shown = await content(url, entry).catch((error) => element("p.note", {}, sayError(error)));
    if (this.entry === entry) this.place.replaceChildren(shown);
  }

  destroy() { this.closed = () => {}; this.hide(); this.dialog.remove(); }
  hide() { if (this.dialog.open) this.dialog.close(); }
}
