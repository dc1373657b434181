// Policies and headers of a service's answers, as its host on the phone needs them.

// What a policy allows besides: `shim`, a script of ours that comes first in each page; by `nonce` where the policy goes by them.
function allowing(policy, shim, nonce) {
  const parts = policy.split(";").map((part) => part.trim()).filter((part) => part && !/^(frame-ancestors|report-uri|report-to)\b/i.test(part));
  const named = (name) => parts.findIndex((part) => part.toLowerCase().split(/\s+/)[0] === name);
  const at = ["script-src-elem", "script-src", "default-src"].map(named).find((index) => index >= 0);
  if (at === undefined) return parts.join("; ");
  const [name, ...sources] = parts[at].split(/\s+/).filter((source, i) => i === 0 || source.toLowerCase() !== "'none'");
  const strict = sources.some((source) => /^'(nonce-|sha\d{3}-|strict-dynamic)/i.test(source));
  // A nonce beside 'unsafe-inline' alone would end what that allows.
  const allowed = strict || !sources.some((source) => source.toLowerCase() === "'unsafe-inline'") ? `'nonce-${nonce}'` : shim;
  const amended = [name, ...sources, allowed].join(" ");
  if (name.toLowerCase() !== "default-src") parts[at] = amended;
  else parts.push(amended.replace(/^\S+/, "script-src-elem"));
  return parts.join("; ");
}

// The header's value: several policies stand one after the other, and each holds.
export const amendedPolicy = (value, shim, nonce) => value.split(",").map((policy) => allowing(policy, shim, nonce)).filter(Boolean).join(", ");

const dropped = ["set-cookie", "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "x-frame-options", "clear-site-data", "service-worker-allowed",
  "strict-transport-security", "content-security-policy", "content-security-policy-report-only", "report-to", "nel", "alt-svc", "location", "public-key-pins", "proxy-authenticate"];

// Of [name, value]…: what passes, bound to be framed by the phone's page and this very host. `shell`: the page's origin.
export function passedHeaders(told, { shell, shim, nonce }) {
  const headers = new Headers();
  for (const [name, value] of told) if (!dropped.includes(name)) headers.append(name, value);
  const policy = told.filter(([name]) => name === "content-security-policy").map(([, value]) => value).join(", ");
  const amended = amendedPolicy(policy, shim, nonce);
  headers.set("content-security-policy", [amended, `frame-ancestors 'self' ${shell}`].filter(Boolean).join(", "));
  return headers;
}

// An address of the service's as one of this host. `names`: what the service takes for its own origin.
export function movedLocation(value, base, origin, upstream) {
  let url = null;
  try { url = new URL(value, new URL(base, upstream)); } catch { return null; }
  return url.origin === upstream ? origin + url.pathname + url.search + url.hash : url.href;
}
