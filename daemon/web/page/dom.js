// Elements from plain descriptions. Text is always text: nothing here takes markup.
const svg = "http://www.w3.org/2000/svg";

export function element(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && !key.startsWith("aria")) node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// 24 × 24, drawn with lines.
const shapes = {
  folder: "M3 7.5A1.5 1.5 0 0 1 4.5 6h4.4l2 2.2h8.6A1.5 1.5 0 0 1 21 9.700v8.300a1.500 1.500 0 0 1-1.500 1.500h-15A1.500 1.500 0 0 1 3 18z",
  none: "M6.500 3.500h7.500l4 4v13h-11.500zM14 3.500v4h4",
  text: "M6.500 3.500h7.500l4 4v13h-11.500zM14 3.500v4h4M9 12h6M9 15h6M9 18h4",
  pdf: "M6.500 3.500h7.500l4 4v13h-11.500zM14 3.500v4h4M9.500 18v-5h1.700a1.500 1.500 0 0 1 0 3H9.500",
  picture: "M4 5.500h16v13H4zM4 16l4.500-4.500 4 4 2.500-2.500 5 4.500M15.500 9.500h.01",
  audio: "M9 18V6l10-2v12M9 18a2.300 2.300 0 1 1-4.600 0A2.300 2.300 0 0 1 9 18zm10-2a2.300 2.300 0 1 1-4.600 0 2.300 2.300 0 0 1 4.600 0z",
  video: "M4 6h16v12H4zM10.500 9.500v5l4-2.500z",
  upload: "M12 16V5M7.500 9.500 12 5l4.500 4.500M5 19.500h14",
  plus: "M12 6v12M6 12h12",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20 20",
  more: "M5.500 12h.01M12 12h.01M18.500 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  download: "M12 5v11M7.500 11.500 12 16l4.500-4.500M5 19.500h14",
  rename: "M5 19h3.500L19 8.500 15.500 5 5 15.500zM13 7.500l3.500 3.500",
  remove: "M5 7h14M10 7V4.500h4V7M7 7l.8 12.500h8.400L17 7M10.500 10.500v6M13.500 10.500v6",
  pause: "M9 6v12M15 6v12",
  resume: "M8 5.500v13l10-6.500z",
  check: "M5 12.500l4.500 4.500L19 7.500",
  phone: "M8 3.500h8a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM11 17.500h2",
  lock: "M6.500 11h11v9h-11zM9 11V7.500a3 3 0 0 1 6 0V11",
  open: "M14 5h5v5M19 5l-8 8M17 13.500V19H5V7h5.500",
  reload: "M18.500 8.500A7.200 7.200 0 1 0 19.200 12M19 4.500v4.200h-4.200",
};

export function icon(name) {
  const node = document.createElementNS(svg, "svg");
  node.setAttribute("viewBox", "0 0 24 24");
  node.setAttribute("class", `icon icon-${name}`);
  node.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg, "path");
  path.setAttribute("d", shapes[name] ?? shapes.none);
  node.append(path);
  return node;
}

export function iconButton(name, label, onclick, more = "") {
  return element(`button.icon-button${more}`, { type: "button", title: label, "aria-label": label, onclick }, icon(name));
}
