// The cookies of one service that its pages must not see (HttpOnly), and the reading of Set-Cookie. RFC 6265. They lie in
// this page's vault: the service's own host has none of them, and forgetting them needs nobody else.
const cookieLongest = 4096, cookiesMost = 100;
const day = 86400_000, ageMost = 400 * day;
const sessionAge = day;  // browsers of phones end pages all the time; a session ends with the day

// {name, value, path, expires (ms since 1970, or null), hidden}, or null.
export function parseSetCookie(line, now, requestPath) {
  if (line.length > cookieLongest) return null;
  const [pair, ...attributes] = line.split(";"), equals = pair.indexOf("=");
  const name = pair.slice(0, Math.max(equals, 0)).trim(), value = pair.slice(equals + 1).trim();
  if (equals < 1 || /[\0-\x1f\x7f]/.test(name + value)) return null;
  const cookie = { name, value, path: requestPath.replace(/\/[^/]*$/, "") || "/", expires: null, hidden: false };
  let aged = false;
  for (const attribute of attributes) {
    const [key, ...rest] = attribute.split("="), told = rest.join("=").trim();
    const kind = key.trim().toLowerCase();
    if (kind === "httponly") cookie.hidden = true;
    if (kind === "path" && told.startsWith("/")) cookie.path = told;
    if (kind === "max-age" && /^-?\d{1,12}$/.test(told)) { cookie.expires = Number(told) <= 0 ? 0 : now + Math.min(Number(told) * 1000, ageMost); aged = true; }
    if (kind === "expires" && !aged && Number.isFinite(Date.parse(told))) cookie.expires = Math.min(Math.max(Date.parse(told), 0), now + ageMost);
  }
  return cookie;
}

const isBelow = (path, root) => path === root || (path.startsWith(root) && (root.endsWith("/") || path[root.length] === "/"));

export class CookieJar {
  // `keep(cookies)` is called when they have changed.
  constructor(cookies, keep) { Object.assign(this, { cookies: Array.isArray(cookies) ? cookies : [], keep }); }

  // The header for `path`, longest paths first; `visible`: [name, value]… that the service's own pages have. Empty: none.
  header(path, visible, now = Date.now()) {
    const hidden = this.cookies.filter((one) => one.until > now && isBelow(path, one.path)).sort((a, b) => b.path.length - a.path.length);
    const names = new Set(hidden.map(({ name }) => name));
    return [...hidden.map(({ name, value }) => [name, value]), ...visible.filter(([name]) => !names.has(name))].map(([name, value]) => (name ? `${name}=${value}` : value)).join("; ");
  }

  // Takes what an answer sets; gives what the service's pages are to have. `sees`: whether their browser lets them.
  take(lines, path, sees, now = Date.now()) {
    const visible = [];
    let changed = false;
    for (const cookie of lines.map((line) => parseSetCookie(line, now, path)).filter(Boolean)) {
      const others = this.cookies.filter((one) => one.name !== cookie.name || one.path !== cookie.path);
      changed ||= others.length !== this.cookies.length;
      this.cookies = others;
      if (!cookie.hidden && sees) visible.push(cookie);
      // Those for all addresses the browser tells the service's worker of; of others it need not.
      if (!cookie.hidden && sees && cookie.path === "/") continue;
      const until = cookie.expires ?? now + sessionAge;
      if (until > now) { this.cookies.push({ name: cookie.name, value: cookie.value, path: cookie.path, until }); changed = true; }
    }
    if (!changed) return visible;
    this.cookies = this.cookies.filter((one) => one.until > now).slice(-cookiesMost);
    this.keep(this.cookies);
    return visible;
  }
}
