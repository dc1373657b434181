// Traffic as bars: what went to a device and what came from it. Drawn by hand, because nothing is loaded from elsewhere.
import { locale } from "../speech.js";
import { element, size } from "./parts.js";
import { say } from "./words.js";

const svg = "http://www.w3.org/2000/svg";
const shape = (name, attributes, ...children) => {
  const node = document.createElementNS(svg, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);
const nothing = { sent: [], received: [] };

export const total = (series = nothing) => sum(series.sent) + sum(series.received);

function bars(series, height, width, gap) {
  const most = Math.max(1, ...series.sent.map((sent, i) => sent + series.received[i]));
  const path = (values, from) => values.map((value, i) => {
    const tall = value > 0 ? Math.max(1, (value / most) * (height - 1)) : 0, base = height - (from ? (from[i] / most) * (height - 1) : 0);
    return tall ? `M${i * width} ${(base - tall).toFixed(1)}h${width - gap}V${base.toFixed(1)}h${gap - width}z` : "";
  }).join("");
  return [shape("path", { class: "sent", d: path(series.sent) }), shape("path", { class: "received", d: path(series.received, series.sent) })];
}

/** A small picture of a day. */
export function sparkline(series) {
  const steps = series.sent.length, node = shape("svg", { class: "spark", viewBox: `0 0 ${steps} 20`, preserveAspectRatio: "none", role: "img" });
  node.setAttribute("aria-label", say("trafficDay", { size: size(total(series)) }));
  node.append(...bars(series, 20, 1, 0));
  return node;
}

/** The whole picture, with its scale and what it says in words. `step_ms`: of one bar. */
export function chart(series, step_ms) {
  const steps = series.sent.length, width = 8, height = 120;
  const picture = shape("svg", { class: "chart", viewBox: `0 0 ${steps * width} ${height}`, preserveAspectRatio: "none", role: "img" });
  const most = Math.max(0, ...series.sent.map((sent, i) => sent + series.received[i]));
  const words = say("trafficWords", { sent: size(sum(series.sent)), received: size(sum(series.received)) });
  picture.setAttribute("aria-label", words);
  picture.append(...bars(series, height, width, 1));
  const hour = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  const at = (back) => hour.format(new Date(Date.now() - back * step_ms));
  return element("figure.traffic", {},
    element("p.scale", {}, most ? say("trafficMost", { size: size(most), minutes: Math.round(step_ms / 60000) }) : say("trafficNone")),
    picture,
    element("div.axis", { "aria-hidden": "true" }, ...[steps, steps / 2, 0].map((back) => element("span", {}, back ? at(back) : say("now")))),
    element("figcaption", {}, element("span.key.sent", {}, say("trafficSent", { size: size(sum(series.sent)) })), element("span.key.received", {}, say("trafficReceived", { size: size(sum(series.received)) }))));
}
