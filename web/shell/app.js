// The phone's page: pairing, offices, folders. docs/PHONE.md says what people see, docs/spec/phone.md how it works.
import "./phone_words.js";
import { placeOf } from "./bridge.js";
import { carrier } from "./carrier.js";
import { askName, confirm, tell } from "./dialogs.js";
import { element, icon } from "./dom.js";
import { openFolder } from "./folder.js";
import * as format from "./format.js";
import { Phone } from "./phone.js";
import { stateOf } from "./state_line.js";
import { UploadPanel } from "./upload_panel.js";
import { language, say, sayError } from "./words.js";

const page = document.getElementById("page"), line = document.getElementById("state");
const shareMost = 100 * 1000 * 1000;
let phone = null, folder = null, uploads = null;
let services = null;  // web applications, once one was opened
let wasm = null;   // resolves to the core's bytes
let lost = false;  // another tab has the core now

// The code that the camera's app has brought: out of the address, and so out of the history, before anything else.
function takeBrought() {
  const link = location.hash.length > 1 ? `drawbridge:${location.hash}` : null;
  if (link) history.replaceState(null, "", "/");
  return link;
}
let brought = takeBrought();
let begun = false;  // may join
// Another code may come while the first page is still on its way.
addEventListener("hashchange", () => {
  const link = takeBrought();
  if (!begun || lost) return void (brought = link ?? brought);
  show();
  if (link) join(link);
});

const isLink = (text) => /^(https?:\/\/[^#\s]+|drawbridge:)#[\w-]+$/.test(text.trim());

function deviceName() {
  const model = /iPhone|iPad|Android|Windows|Mac OS|CrOS|Linux/.exec(navigator.userAgent)?.[0] ?? "";
  return model.replace("Mac OS", "Mac").replace("CrOS", "Chromebook") || "Phone";
}

// --- what is shown --------------------------------------------------------------------------------------------------

function showState() {
  const opened = services?.office, here = location.pathname.startsWith("/f/") ? officeAt(location.pathname) : phone.offices.find(({ id }) => id === opened) ?? null;
  const office = here ?? (phone.offices.length === 1 ? phone.offices[0] : null);
  const { state, text } = office ? stateOf(office, phone.relays) : { state: "none", text: "" };
  if (line.dataset.state !== state) line.dataset.state = state;
  if (line.textContent !== text) line.replaceChildren(element("span.state-text", {}, text));
  services?.tell({ state, text });
}

const officeAt = (path) => phone.offices.find((office) => path.startsWith(`/f/${office.id.slice(0, 15)}/`)) ?? null;

function show() {
  if (!phone) return undefined;
  showState();
  if (location.pathname.startsWith("/f/")) { services?.close(); return showFolder(); }
  folder?.view.close();
  folder = null;
  if (location.pathname.startsWith("/s/")) return showService();
  services?.close();
  clearStray();
  return showHome();
}

let shown = "";
function showHome() {
  // Only what has changed is drawn anew: a list under a finger must not move.
  const now = JSON.stringify([phone.revoked, phone.offices.map(({ id, name, services }) => [id, name, services, stateOf({ id, name, services, ...phone.offices.find((one) => one.id === id) }, phone.relays)])]);
  if (now === shown && page.querySelector(".phone")) return;
  shown = now;
  document.title = "Drawbridge";
  const notices = phone.revoked.map(({ name, at }) => element("section.card.notice", { role: "alert" }, element("p", {}, say("revoked", { name, time: format.fullDate(at) })),
    element("button.button", { type: "button", onclick: () => phone.dismiss(at) }, say("understood"))));
  const empty = phone.offices.length === 0;
  page.replaceChildren(element(`main.phone${empty ? ".welcome" : ""}`, {},
    ...notices,
    ...(empty ? [element("h1", {}, say("welcome")), element("p", {}, say("welcomeText"))] : [element("h1", {}, say("offices"))]),
    ...phone.offices.map(officeCard),
    element("div.thumb", {},
      element(`button.button${empty ? ".primary" : ""}`, { type: "button", onclick: scanCode }, empty ? say("scan") : say("addOffice")),
      element("button.button", { type: "button", onclick: pasteLink }, say("paste"))),
    element("button.link-button", { type: "button", onclick: settings }, say("settings"))));
}

function officeCard(office) {
  const { state, text } = stateOf(office, phone.relays);
  const services = office.services.map((service) => serviceButton(office, service));
  return element("section.card", { "aria-label": office.name },
    element("h2", {}, element("bdi", {}, office.name)),
    phone.offices.length > 1 ? element("p.state", { "data-state": state }, element("span.state-text", {}, text)) : null,
    services.length ? element("div.service-list", {}, ...services) : element("p", {}, say("noServices")),
    element("button.link-button", { type: "button", onclick: () => leave(office) }, say("leave")));
}

function serviceButton(office, service) {
  const usable = service.kind === "folder" || service.kind === "http";
  const place = async () => (service.kind === "folder" ? placeOf(office.id, service.name) : `/s/${await (await import("./service_hosts.js")).labelOf(office.id, service.name)}`);
  const open = async () => { history.pushState({ inside: true }, "", await place()); show(); };
  return element("button.service", { type: "button", disabled: !usable, onclick: open }, icon(service.kind === "folder" ? "folder" : "open"),
    element("span", {}, element("bdi", {}, service.name), usable ? null : element("small", {}, say("needsComputer"))));
}

// --- a folder -------------------------------------------------------------------------------------------------------

function showFolder() {
  const office = officeAt(location.pathname), service = location.pathname.split("/")[3];
  if (!office || !service) return goHome();
  const root = placeOf(office.id, service);
  if (folder?.root === root) return undefined;
  folder?.view.close();
  shown = "";
  uploads ??= new UploadPanel();
  folder = { root, view: openFolder({ page, root, service, uploads, before: [[say("home"), "/"]], tools: photoTool, actions: shareAction }) };
  return undefined;
}

// --- a web application ----------------------------------------------------------------------------------------------------

// Its code is fetched with the first one.
async function startServices() {
  const { Services } = await import("./service_page.js");
  services ??= phone && new Services(page, phone);
  return services;
}

function showService() {
  shown = "";
  // To the list at once: the browser's own button goes back within the application.
  const leave = () => { history.pushState(null, "", "/"); show(); };
  startServices().then((all) => { if (all && location.pathname.startsWith("/s/")) return all.show(location.pathname.slice(3), leave); return undefined; }).then(showState, () => fail(say("oldBrowser")));
}

// What services of an office that is gone have kept on this phone goes, too.
function clearStray() {
  const stray = Object.keys(localStorage).some((key) => key.startsWith("service ") && !phone.offices.some(({ id }) => localStorage.getItem(key).includes(id)));
  if (stray) startServices().then((all) => all?.clearStray(), () => {});
}

function goHome() {
  history.replaceState(null, "", "/");
  show();
}

// The photograph gets a name that says when: cameras call all of theirs image.jpg.
function photoTool(add) {
  if (!matchMedia("(pointer: coarse)").matches) return [];
  const camera = element("input", { type: "file", accept: "image/*", hidden: true, onchange: () => {
    const [taken] = camera.files;
    if (taken) add([new File([taken], `${stamp(new Date())}${/\.\w{1,5}$/.exec(taken.name)?.[0] ?? ".jpg"}`, { type: taken.type, lastModified: taken.lastModified })]);
    camera.value = "";
  } });
  camera.setAttribute("capture", "environment");
  camera.className = "camera";
  return [element("button.button", { type: "button", title: say("photo"), "aria-label": say("photo"), onclick: () => camera.click() }, icon("picture"), camera)];
}
const two = (number) => String(number).padStart(2, "0");
const stamp = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}.${two(date.getMinutes())}.${two(date.getSeconds())}`;

function shareAction(entry, url) {
  const sample = new File([""], entry.name, { type: "application/octet-stream" });
  if (!navigator.canShare?.({ files: [sample] })) return [];
  return [{ icon: "open", text: say("share"), act: () => share(entry, url) }];
}

async function share(entry, url) {
  if (entry.bytes > shareMost) return tell(say("shareTooLarge"));
  try {
    const answer = await carrier.fetch(url, {}), content = await answer.blob();
    await navigator.share({ files: [new File([content], entry.name, { type: answer.headers.get("content-type") ?? "" })] });
  } catch (error) {
    if (error?.name !== "AbortError") tell(sayError({ code: error?.code ?? "network" }));
  }
  return undefined;
}

// --- pairing --------------------------------------------------------------------------------------------------------

async function scanCode() {
  try {
    const { scan } = await import("./scanner.js");
    const link = await scan(isLink);
    if (link) await join(link);
  } catch (error) {
    tell(say(error.code ?? "cameraAbsent"));
  }
}

async function pasteLink() {
  const input = element("textarea.field", { rows: 4, "aria-label": say("pasteTitle"), autocomplete: "off", spellcheck: false, required: true });
  const dialog = element("dialog.question", { "aria-label": say("pasteTitle") }, element("form", { method: "dialog" }, element("h2", {}, say("pasteTitle")), element("p", {}, say("pasteHint")), input,
    element("div.answers", {}, element("button.button", { type: "button", onclick: () => dialog.close() }, say("cancel")), element("button.button.primary", { value: "yes" }, say("pair")))));
  dialog.addEventListener("close", () => { dialog.remove(); if (dialog.returnValue === "yes") join(input.value.trim()); });
  document.body.append(dialog);
  dialog.showModal();
}

async function join(link) {
  if (!phone) return undefined;
  if (!isLink(link)) return tell(say("join_invalid_argument"));
  // The person says yes: a link from anywhere must not pair this phone by being opened.
  const name = await askName(say("joinTitle"), deviceName(), say("pair"));
  if (!name || !phone) return undefined;
  page.setAttribute("aria-busy", "true");
  page.replaceChildren(element("main.phone.welcome", {}, element("p", { role: "status" }, say("pairing"))));
  shown = "pairing";
  try {
    const office = await phone.join(link.replace(/^https?:\/\/[^#]+/, "drawbridge:"), name);
    tell(say("paired", { name: office?.name ?? "" }));
  } catch (error) {
    const key = `join_${error.code}`;
    tell(say(key) === key ? say("join_other") : say(key));
  }
  page.removeAttribute("aria-busy");
  shown = "";
  return show();
}

async function leave(office) {
  const sure = await confirm(say("leaveTitle", { name: office.name }), say("leaveText"), say("leave"));
  if (!sure) return;
  await phone.leave(office.id).then(() => tell(say("left", { name: office.name })), (error) => tell(sayError(error)));
  show();
}

async function settings() {
  const { openSettings } = await import("./settings.js");
  openSettings(phone, wasm);
}

// --- beginning ------------------------------------------------------------------------------------------------------

// The worker asks for what an office has; it gets new versions of the page, which wait until the person agrees.
async function startWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  workers.addEventListener("message", ({ data, ports }) => { if (data?.kind === "fetch" && phone) phone.bridge.serve(data, ports[0]); });
  workers.startMessages();
  const registration = await workers.register("/sw.js", { scope: "/", type: "classic" }).catch(() => null);
  if (!registration) return;
  const watch = (worker) => worker?.addEventListener("statechange", () => { if (worker.state === "installed" && workers.controller) offerUpdate(worker); });
  if (registration.waiting && workers.controller) offerUpdate(registration.waiting);
  registration.addEventListener("updatefound", () => watch(registration.installing));
  // A page that stays open for days asks when it is looked at again.
  document.addEventListener("visibilitychange", () => { if (!document.hidden) registration.update().catch(() => {}); });
}

function offerUpdate(worker) {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  document.body.append(element("section.card.update", { role: "status" }, element("p", {}, say("updateReady")),
    element("button.button.primary", { type: "button", onclick: () => worker.postMessage("take over") }, say("updateNow"))));
}

// One page has the core; two would push one another out of the office.
function alone() {
  return new Promise((granted) => {
    const hold = () => { granted(); return new Promise(() => {}); };
    const take = () => navigator.locks.request("drawbridge", { steal: true }, hold).catch(yieldCore);
    navigator.locks.request("drawbridge", { ifAvailable: true }, (lock) => { if (lock) return hold(); return showElsewhere(take); }).catch(yieldCore);
  });
}

// Another tab has taken the core: this one must not answer for it any more, nor store.
function yieldCore() {
  lost = true;
  services?.close();
  services = null;
  folder?.view.close();
  folder = null;
  phone?.end();
  phone = null;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  showElsewhere(() => navigator.locks.request("drawbridge", { steal: true }, () => location.reload()));
}

function showElsewhere(take) {
  line.dataset.state = "none";
  line.replaceChildren();
  page.replaceChildren(element("main.phone.welcome", {}, element("h1", {}, say("elsewhere")), element("div.thumb", {}, element("button.button.primary", { type: "button", onclick: take }, say("useHere")))));
}

const fail = (text) => { line.dataset.state = "none"; page.replaceChildren(element("main.phone.welcome", {}, element("p", { role: "alert" }, text))); };

async function begin() {
  document.documentElement.lang = language;
  document.body.append(element("div.said-place", { id: "said", role: "status", "aria-live": "polite" }));
  wasm = fetch(new URL("./core.wasm", import.meta.url)).then((answer) => { if (!answer.ok) throw new Error("no core"); return answer.arrayBuffer(); });
  wasm.catch(() => {});
  const worker = startWorker();
  if (navigator.locks) await alone();
  try {
    phone = await Phone.begin(wasm, deviceName(), async (...vault) => (await import("./locked.js")).ask(page, ...vault));
  } catch (error) {
    return fail(say(error?.code === "storage" ? "storageGone" : "oldBrowser"));
  }
  if (lost) { phone.end(); phone = null; return undefined; }
  const { bridge } = phone;
  carrier.fetch = (url, options) => bridge.fetch(url, options);
  carrier.put = (url, headers, body, progress) => bridge.put(url, headers, body, progress);
  bridge.downloadFailed = (name, code) => tell(code === "broken" ? say("downloadBroken", { name }) : sayError({ code }));
  // The browser has thrown away what the vault kept: what is left is a new phone.
  phone.addEventListener("emptied", () => { if (phone) location.replace("/"); });
  phone.addEventListener("changed", () => { if (phone && shown !== "pairing") show(); else if (phone) showState(); });
  addEventListener("popstate", () => { if (location.hash.length < 2) show(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".crumbs a[href='/']");
    if (!link) return;
    event.preventDefault();
    history.pushState(null, "", "/");
    show();
  });
  show();
  begun = true;
  if (brought) await join(brought);
  return worker;
}

begin();
