// Sizes, dates and durations as the person writes them.
import { language, locale, say } from "./words.js";

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function size(bytes) {
  let value = bytes, step = 0;
  while (value >= 999.5 && step < units.length - 1) { value /= 1000; step += 1; }
  // "25 byte" is what the short form says in English.
  if (step === 0) return `${bytes}\u202f${language === "fr" ? "o" : "B"}`;
  const digits = value < 9.95 ? 1 : 0;
  return new Intl.NumberFormat(locale, { style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: digits }).format(value);
}

const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const hour = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });

export function date(ms) {
  const when = new Date(ms);
  return when.toDateString() === new Date().toDateString() ? hour.format(when) : day.format(when);
}
export const fullDate = (ms) => full.format(new Date(ms));

export const percent = (part) => new Intl.NumberFormat(locale, { style: "percent" }).format(part);

export function timeLeft(seconds) {
  if (!Number.isFinite(seconds) || seconds < 60) return say("leftSeconds");
  if (seconds < 3600) return say("leftMinutes", { count: Math.ceil(seconds / 60) });
  return say("leftHours", { count: Math.ceil(seconds / 3600) });
}

const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
export const byName = (a, b) => collator.compare(a.name, b.name);

// For searching: without case and accents.
export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
