// The folder's table: sorting, searching, a row for each entry.
import { element, icon, iconButton } from "./dom.js";
import * as format from "./format.js";
import { say } from "./words.js";

const rowsAtOnce = 400;
const orders = {
  name: format.byName,
  size: (a, b) => (a.bytes ?? 0) - (b.bytes ?? 0) || format.byName(a, b),
  date: (a, b) => a.modified_ms - b.modified_ms || format.byName(a, b),
};
const titles = { name: "name", size: "size", date: "modified" };

export class List {
  // `choose(entry, event)`: a name was clicked. `more(entry, button)`: its further actions are wanted.
  constructor({ choose, more }) {
    Object.assign(this, { choose, more, order: "name", falling: false, wanted: "", entries: [], visible: [] });
    this.body = element("tbody");
    this.heads = Object.fromEntries(Object.keys(orders).map((order) => [order, this.head(order)]));
    this.table = element("table.list", {}, element("thead", {}, element("tr", {}, ...Object.values(this.heads), element("th.actions", {}))), this.body);
    this.end = element("div.list-end");
    this.node = element("div.list-place", {}, this.table, this.end);
    new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) this.addRows(); }).observe(this.end);
  }

  head(order) {
    const button = element("button.sort", { type: "button", onclick: () => this.sort(order) }, say(titles[order]));
    return element(`th.${order}`, { scope: "col" }, button);
  }

  sort(order) {
    this.falling = this.order === order ? !this.falling : order !== "name";
    this.order = order;
    this.refresh();
  }

  show(entries) {
    this.entries = entries;
    this.refresh();
  }

  search(text) {
    this.wanted = format.fold(text.trim());
    this.refresh();
  }

  refresh() {
    const sign = this.falling ? -1 : 1;
    const folderFirst = (a, b) => Number(b.kind === "folder") - Number(a.kind === "folder");
    const visible = this.entries.filter((entry) => (this.wanted ? format.fold(entry.name).includes(this.wanted) : !entry.name.startsWith(".")));
    this.visible = visible.sort((a, b) => folderFirst(a, b) || sign * orders[this.order](a, b));
    for (const [order, head] of Object.entries(this.heads)) {
      head.setAttribute("aria-sort", order === this.order ? (this.falling ? "descending" : "ascending") : "none");
    }
    this.table.hidden = this.visible.length === 0;
    this.body.replaceChildren();
    this.addRows();
  }

  // The next rows; more when the end comes into sight.
  addRows() {
    const from = this.body.childElementCount;
    this.body.append(...this.visible.slice(from, from + rowsAtOnce).map((entry) => this.row(entry)));
  }

  row(entry) {
    const isFolder = entry.kind === "folder";
    const label = [icon(isFolder ? "folder" : entry.preview), element("bdi.entry-name", {}, entry.name)];
    const opens = isFolder || entry.preview !== "none";
    const link = entry.url === null ? element("span.open", {}, ...label)
      : element("a.open", { href: `./${entry.url}${opens ? "" : "?download"}`, onclick: (event) => this.choose(entry, event) }, ...label);
    const date = element("time", { dateTime: new Date(entry.modified_ms).toISOString(), title: format.fullDate(entry.modified_ms) }, format.date(entry.modified_ms));
    const actions = entry.url === null ? null : iconButton("more", say("more", { name: entry.name }), (event) => this.more(entry, event.currentTarget), ".row-more");
    return element(`tr.${entry.kind}`, {}, element("td.name", {}, link), element("td.size", {}, isFolder ? "" : format.size(entry.bytes)),
      element("td.date", {}, date), element("td.actions", {}, actions));
  }

  // The neighbour in the order shown that has a preview.
  neighbour(entry, direction) {
    const shown = this.visible.filter((one) => one.kind === "file" && one.preview !== "none" && one.url !== null);
    const at = shown.findIndex((one) => one.name === entry?.name);
    return at < 0 ? null : shown[at + direction] ?? null;
  }
}
