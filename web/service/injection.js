// Puts a piece of HTML where it comes before any script of the page: behind the first <head>, or where one would begin.
const longest = 64 * 1024;
const latin = new TextDecoder("latin1"), utf8 = new TextEncoder();

const before = /^(?:\s+|\u00ef\u00bb\u00bf|<!--[\s\S]*?-->|<!doctype[^>]*>|<\?[^>]*>|<html(?:\s[^>]*)?>)/i;
const head = /^<head(?:\s[^>]*)?>/i;
const opening = /^(?:\u00ef\u00bb?|<(?:![^>]*|!--[\s\S]*|\?[^>]*|h|ht|htm|html(?:\s[^>]*)?|he|hea|head(?:\s[^>]*)?)?)$/i;

// Where in `text`, one character a byte; -1: more of it is needed to say.
export function placeOfHead(text) {
  let at = 0;
  for (let found = before.exec(text); found; found = before.exec(text.slice(at))) at += found[0].length;
  const rest = text.slice(at), found = head.exec(rest);
  if (found) return at + found[0].length;
  return rest === "" || opening.test(rest) ? -1 : at;
}

export function injecting(piece) {
  let held = new Uint8Array(0), done = false;
  const release = (control, at) => {
    done = true;
    control.enqueue(held.slice(0, at));
    control.enqueue(utf8.encode(piece));
    if (at < held.length) control.enqueue(held.slice(at));
    held = null;
  };
  return new TransformStream({
    transform: (bytes, control) => {
      if (done) return control.enqueue(bytes);
      const both = new Uint8Array(held.length + bytes.length);
      both.set(held);
      both.set(bytes, held.length);
      held = both;
      const at = placeOfHead(latin.decode(held));
      return at >= 0 || held.length > longest ? release(control, Math.max(at, 0)) : undefined;
    },
    flush: (control) => { if (!done) release(control, held.length); },
  });
}
