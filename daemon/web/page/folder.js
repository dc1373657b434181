// The folder's view: one in the page that the office sends, one on a phone. It never leaves its page, so that uploads go on
// while the person looks around.
import { askName, confirm, menu, tell } from "./dialogs.js";
import { element, icon } from "./dom.js";
import { List } from "./list.js";
import * as office from "./office.js";
import { Preview } from "./preview.js";
import { UploadPanel, droppedFiles } from "./upload_panel.js";
import { language, say, sayError } from "./words.js";

const plainClick = (event) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

// Takes over `page` and follows the address: `root` is the path of the service's own folder. `before`: links of the path in
// front of it; `tools`: more buttons, made by (add(files)); `actions(entry, url)`: more entries of a name's menu.
// Gives close(), which leaves the page to others.
export function openFolder({ page, root, service, before = [], tools = () => [], actions = () => [], uploads = new UploadPanel() }) {
  let here = null;          // the listing that is shown
  let loading = null;       // cancels the one that is under way
  const open = new AbortController();
  const listen = (kind, act) => addEventListener(kind, act, { signal: open.signal });

  const list = new List({ choose, more });
  const preview = new Preview({ step: (entry, direction) => list.neighbour(entry, direction), closed: previewClosed });
  preview.chosen = (entry) => { history.replaceState({ inside: true }, "", addressOf(entry)); showPreview(entry); };
  uploads.arrived = (folder) => { if (folder === location.pathname) load(); };

  const crumbs = element("ol");
  const search = element("input.field.search", { type: "search", placeholder: say("searchShort"), "aria-label": say("search"), oninput: () => { list.search(search.value); showNote(); } });
  const files = element("input", { type: "file", multiple: true, hidden: true, onchange: () => { uploads.add(location.pathname, files.files); files.value = ""; } });
  const uploadButton = element("button.button.primary", { type: "button", onclick: () => files.click() }, icon("upload"), element("span", {}, say("upload")));
  const folderButton = element("button.button", { type: "button", title: say("newFolder"), onclick: makeFolder }, icon("plus"), element("span.wide", {}, say("newFolder")));
  const moreTools = tools((chosen) => uploads.add(location.pathname, chosen));
  const note = element("div.place-note", { role: "status" });
  const drop = element("div.drop", { hidden: true }, element("p", {}));

  function build() {
    document.documentElement.lang = language;
    page.replaceChildren(
      element("header.top", {}, element("nav.crumbs", { "aria-label": say("path") }, crumbs)),
      element("div.tools", {}, element("div.search-place", {}, icon("search"), search), folderButton, ...moreTools, uploadButton, files),
      element("main", { tabIndex: -1 }, list.node, note));
    document.body.append(drop);
    if (!document.getElementById("said")) document.body.append(element("div.said-place", { id: "said", role: "status", "aria-live": "polite" }));
  }

  // --- where we are ---------------------------------------------------------------------------------------------------

  const openName = () => new URLSearchParams(location.search).get("open");
  const addressOf = (entry) => `${location.pathname}?open=${encodeURIComponent(entry.name)}`;

  async function load() {
    loading?.abort();
    loading = new AbortController();
    const path = location.pathname;
    try {
      const listing = await office.list(path, loading.signal);
      if (path === location.pathname) show(listing);
    } catch (error) {
      if (error.name !== "AbortError") showFailure(error);
    }
  }

  function show(listing) {
    here = listing;
    showCrumbs(listing.path);
    list.show(listing.entries);
    uploadButton.hidden = folderButton.hidden = !listing.writable;
    for (const tool of moreTools) tool.hidden = !listing.writable;
    showNote();
    const wanted = openName();
    const entry = wanted === null ? null : listing.entries.find((one) => one.name === wanted && one.kind === "file");
    if (entry) showPreview(entry);
    else preview.hide();
  }

  function showCrumbs(names) {
    let url = root;
    const links = [...before, [service, root], ...names.map((name) => [name, (url += `${office.encodeName(name)}/`)])];
    document.title = names.length ? `${names.at(-1)} – ${service}` : service;
    crumbs.replaceChildren(...links.map(([name, href], i) => element("li", {},
      element("a", { href, "aria-current": i === links.length - 1 ? "page" : null, onclick: (event) => href.startsWith(root) && go(event, href) }, element("bdi", {}, name)))));
  }

  function showNote() {
    const inSight = list.visible.length;
    if (here.truncated) return note.replaceChildren(element("p.note", {}, say("truncated", { count: here.entries.length })));
    if (inSight) return note.replaceChildren(element("p.note.count", {}, inSight === 1 ? say("oneItem") : say("items", { count: inSight })));
    if (search.value) return note.replaceChildren(element("p.empty", {}, say("nothingFound", { text: search.value })));
    return note.replaceChildren(element("div.empty", {}, icon("folder"), element("p", {}, say("empty")), element("p.hint", {}, say(here.writable ? "emptyHint" : "emptyReadOnly"))));
  }

  function showFailure(error) {
    if (!here) { here = { entries: [], writable: false }; showCrumbs([]); }
    list.show([]);
    uploadButton.hidden = folderButton.hidden = true;
    for (const tool of moreTools) tool.hidden = true;
    const again = element("button.button", { type: "button", onclick: load }, say("tryAgain"));
    note.replaceChildren(element("div.empty", {}, element("p", {}, sayError(error)), again));
  }

  function go(event, href) {
    if (!plainClick(event)) return;
    event.preventDefault();
    history.pushState({ inside: true }, "", href);
    arrive();
  }

  function arrive() {
    search.value = "";
    list.search("");
    preview.hide();
    load().then(() => { scrollTo(0, 0); page.querySelector("main").focus({ preventScroll: true }); });
  }

  // --- what one can do with an entry ----------------------------------------------------------------------------------

  function choose(entry, event) {
    if (entry.kind === "folder") return go(event, location.pathname + entry.url);
    if (entry.preview === "none" || !plainClick(event)) return undefined;
    event.preventDefault();
    history.pushState({ inside: true, preview: true }, "", addressOf(entry));
    return showPreview(entry);
  }

  const showPreview = (entry) => preview.show(location.pathname + entry.url, entry);

  function previewClosed() {
    if (openName() === null) return;
    if (history.state?.preview) history.back();
    else history.replaceState({ inside: true }, "", location.pathname);
  }

  function more(entry, button) {
    const isFolder = entry.kind === "folder", url = location.pathname + entry.url;
    const entries = [];
    if (isFolder) entries.push({ icon: "open", text: say("open"), act: () => { history.pushState({ inside: true }, "", url); arrive(); } });
    if (!isFolder && entry.preview !== "none") entries.push({ icon: "open", text: say("open"), act: () => { history.pushState({ inside: true, preview: true }, "", addressOf(entry)); showPreview(entry); } });
    if (!isFolder) entries.push({ icon: "download", text: say("download"), href: `${url}?download` }, ...actions(entry, url));
    if (here.writable) entries.push({ icon: "rename", text: say("rename"), act: () => rename(entry) }, { icon: "remove", text: say("remove"), act: () => remove(entry), danger: true });
    menu(button, entry.name, entries);
  }

  async function attempt(action, said) {
    try {
      await action();
      tell(said);
    } catch (error) {
      tell(sayError(error));
    }
    load();
  }

  async function makeFolder() {
    const name = await askName(say("folderName"), "", say("create"));
    if (name) attempt(() => office.makeFolder(`${location.pathname}${office.encodeName(name)}/`), say("made", { name }));
  }

  async function rename(entry) {
    const name = await askName(say("newName", { name: entry.name }), entry.name, say("rename"));
    if (name && name !== entry.name) attempt(() => office.move(location.pathname + entry.url, location.pathname + office.encodeName(name)), say("renamed", { name }));
  }

  // What the person is asked: how much is in the folder is looked up first, so that nobody deletes more than he sees.
  async function removal(entry, url) {
    if (entry.kind !== "folder") return { text: say("removeFile"), act: office.remove };
    const inside = (await office.list(url)).entries.length;
    if (!inside) return { text: say("removeFolder"), act: office.remove };
    return { text: say(inside === 1 ? "removeFullOne" : "removeFull", { count: inside }), act: office.removeWithContents };
  }

  async function remove(entry) {
    const url = location.pathname + entry.url;
    const wanted = await removal(entry, url).catch((error) => { tell(sayError(error)); load(); });
    if (!wanted) return;
    const sure = await confirm(say("removeTitle", { name: entry.name }), wanted.text, say("remove"));
    if (sure) attempt(() => wanted.act(url), say("removed", { name: entry.name }));
  }

  // --- files dropped on the page --------------------------------------------------------------------------------------

  async function uploadDropped(transfer) {
    const found = await droppedFiles(transfer), base = location.pathname, made = new Set();
    for (const { folders, file } of found) {
      let path = base;
      for (const name of folders) {
        path += `${office.encodeName(name)}/`;
        if (!made.has(path)) await office.makeFolder(path).catch((error) => { if (error.code !== "already_exists") throw error; });
        made.add(path);
      }
      uploads.add(path, [file]);
    }
    if (made.size) load();
  }

  const bringsFiles = (event) => here?.writable && [...event.dataTransfer.types].includes("Files");

  function listenForDrops() {
    listen("dragover", (event) => {
      if (!bringsFiles(event)) return;
      event.preventDefault();
      drop.firstChild.textContent = say("dropHere", { name: here.path.at(-1) ?? service });
      drop.hidden = false;
    });
    listen("dragleave", (event) => { if (!event.relatedTarget) drop.hidden = true; });
    listen("drop", (event) => {
      drop.hidden = true;
      if (!bringsFiles(event)) return;
      event.preventDefault();
      uploadDropped(event.dataTransfer).catch((error) => tell(sayError(error)));
    });
  }

  listen("popstate", () => {
    if (!location.pathname.startsWith(root)) return;
    if (here && location.pathname === pathOf(here)) { const entry = here.entries.find((one) => one.name === openName()); if (entry) showPreview(entry); else preview.hide(); return; }
    arrive();
  });
  const pathOf = (listing) => `${root}${(listing.path ?? []).map((name) => `${office.encodeName(name)}/`).join("")}`;
  listen("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, dialog")) return;
    event.preventDefault();
    search.focus();
  });

  build();
  listenForDrops();
  load();
  return {
    reload: load,
    close() {
      open.abort();
      loading?.abort();
      preview.destroy();
      drop.remove();
      page.replaceChildren();
    },
  };
}
