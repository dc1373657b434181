// The host names of services: each `http://` service of each office has one below the page's own base name. They tell neither the
// office nor the service to whoever sees names being looked up. docs/spec/phone.md, "Services".
const digits = 20;

export async function labelOf(office, service) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`drawbridge service host\0${office}\0${service}`));
  return `s-${[...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, digits)}`;
}

export const originOf = (label) => `${location.protocol}//${label}.${location.host.replace(/^shell\./, "")}`;

// What was opened here, so that it opens again before the office has answered, and can be wiped later.
const mark = "service ";
export const remember = (label, office, service) => localStorage.setItem(mark + label, JSON.stringify([office, service]));
export const forget = (label) => localStorage.removeItem(mark + label);
export function remembered() {
  const found = [];
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(mark)) continue;
    try { const [office, service] = JSON.parse(localStorage.getItem(key)); found.push({ label: key.slice(mark.length), office, service }); } catch { localStorage.removeItem(key); }
  }
  return found;
}
