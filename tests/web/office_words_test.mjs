// The office's page and the phone's speak three languages whole: every word, and every sentence of the daemon's that can
// come to the office's page, which are read where the daemon's sources write them.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const source = (name) => readFileSync(path.join(root, name), "utf8");

// The files as a browser finds them: the office's own in a folder among the shared ones.
const served = mkdtempSync(path.join(tmpdir(), "drawbridge-words-"));
after(() => rmSync(served, { recursive: true, force: true }));
cpSync(path.join(root, "daemon/web/page"), served, { recursive: true });
cpSync(path.join(root, "daemon/web/office"), path.join(served, "office"), { recursive: true });
cpSync(path.join(root, "web/shell"), served, { recursive: true });
writeFileSync(path.join(served, "package.json"), '{"type":"module"}');
Object.defineProperty(globalThis, "navigator", { value: { languages: ["fr-FR"] }, configurable: true });
const load = (name) => import(pathToFileURL(path.join(served, name)));
const { inWords, translated } = await load("office/sentences.js");

// --- sentences in C++ ---

// The expression that begins at `at`, to its comma, semicolon or closing bracket: literals as they are, all else as a value.
function sentenceAt(text, at) {
  let said = "", depth = 0, value = false;
  for (let i = at; i < text.length; i += 1) {
    const c = text[i];
    if (c === '"') {
      const [literal] = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(i));
      if (depth === 0) said += JSON.parse(literal);
      i += literal.length - 1;
      continue;
    }
    if (depth === 0 && (c === "," || c === ";" || c === ")" || c === "}")) break;
    if ("([{".includes(c)) depth += 1;
    if (")]}".includes(c)) depth -= 1;
    if (c === "+" && depth === 0) value = false;
    else if (!value && /\w/.test(c)) { value = true; said += "7"; }
  }
  return said;
}

// What follows each occurrence of `begins` in a file; what is no sentence of its own (a variable) is left out.
function sentencesIn(file, begins) {
  // A literal in its own type, and two variables that are a beginning or an end of sentences.
  const text = source(file).replace(/std::string\(("(?:[^"\\]|\\.)*")\)/g, "$1").replace(/\+ place\b/g, '+ "record " + n').replace(/\bplace \+/g, '"record " + n +').replace(/\bwhat \+/g, '"The service\'s program at " + n +');
  return [...text.matchAll(begins)].map((found) => sentenceAt(text, found.index + found[0].length)).filter((said) => /[a-z]{2}/.test(said));
}

// Those of `explain` that an owner is told of a device.
function ofDevices() {
  const text = source("protocol/traversal/diagnosis_words.cpp");
  const table = text.slice(text.indexOf("words = {{"), text.indexOf("}};"));
  const special = new Map([...text.matchAll(/case Cause::(\w+):\s*return \{"([^"]+)"/g)].map(([, name, said]) => [name, said]));
  return [...table.matchAll(/\{"(\w+)", "([^"]+)"/g)].map(([, name, said]) => special.get(name) ?? said.replace("%", "the device"));
}

const refusal = /ErrorCode::invalid_argument,\s*/g, spoken = {
  "daemon/services/target.cpp": /return invalid\(|ErrorCode::invalid_argument, (?=")/g,
  "daemon/admin/service_commands.cpp": refusal, "daemon/services/own_state.cpp": /ErrorCode::not_allowed, /g, "protocol/node_requests.cpp": refusal, "protocol/node_relays.cpp": refusal, "daemon/admin/arguments.cpp": refusal, "daemon/admin/rfc3339.cpp": refusal,
  "protocol/relay/relay_url.cpp": /return refused\(|ErrorCode::invalid_argument, (?=")/g, "protocol/traversal/fixed_address.cpp": /return refused\(/g, "keys/device_id.cpp": /return typo\(/g,
  "daemon/services/service_connector.cpp": /FlowReset::target_failed, (?=")|causes_\[service\] = (?=")/g,
  "daemon/services/target_dialer.cpp": /FlowReset::target_\w+, /g,
  "daemon/services/command_services.cpp": /ErrorCode::not_found, /g, "daemon/services/supervised_command.cpp": /cause_ = (?=")|again\((?=")/g,
  "daemon/folder/folder_server.cpp": /ErrorCode::limit, /g, "daemon/office_page/office_page.cpp": /ErrorCode::limit, /g, "daemon/nat/fixed_addresses.cpp": /failure = (?=")/g,
  "daemon/admin/audit_verify.cpp": /Fault\{0, |return \{sequence, /g, "protocol/audit/audit_record.cpp": /error_ = (?=")/g,
  "protocol/invitation.cpp": /RecordType::refused,[^"]*"", /g, "protocol/code_meeting.cpp": /RecordType::refused,[^"]*"", "", /g, "protocol/node_network.cpp": /RecordType::refused,[^"]*"", (?=")|std::string detail = (?=")/g,
  "protocol/node_audit.cpp": /RecordType::pruned,[^"]*"", "", /g, "protocol/core.cpp": /RecordType::not_saved,[^"]*"", "", /g,
  "protocol/peer_flows.cpp": /RecordType::refused,[^"]*opened->service, /g, "protocol/peer_ending.cpp": /RecordType::not_saved,[^"]*"", "", /g, "protocol/peer_checks.cpp": /if \(!relay\) return /g,
};

test("every reason that the daemon gives for a device's path has words in three languages", () => {
  const reasons = ofDevices();
  assert.ok(reasons.length >= 23, "the table is read");
  for (const said of reasons) {
    for (const language of ["fr", "es"]) assert.ok(translated(said, language), `${language}: ${said}`);
    assert.equal(translated(said, "en"), said);
  }
});

for (const [file, begins] of Object.entries(spoken)) {
  test(`what ${file} says has words in three languages`, () => {
    const all = sentencesIn(file, begins);
    assert.ok(all.length > 0, "it says something");
    for (const said of all) {
      for (const language of ["fr", "es"]) {
        const there = translated(said, language);
        assert.ok(there && there !== said, `${language}: ${said}`);
      }
      assert.equal(translated(said, "en"), said);
    }
  });
}

test("what the system refuses has words in three languages", () => {
  for (const file of ["daemon/services/child_process.cpp", "daemon/folder/folder_server.cpp"]) {
    const all = sentencesIn(file, /system_error\(/g);
    assert.ok(all.length > 0);
    for (const said of all) for (const language of ["fr", "es"]) assert.match(translated(`${said}: Permission denied.`, language) ?? said, /accès interdit|acceso denegado/);
  }
});

test("every short code of a refusal or an end has words, in English too", () => {
  const connect = source("protocol/peer_connect.cpp");
  const codes = [...connect.matchAll(/refuse\(\w+, "(\w+)"\)|return "(\w+)";|"(restarting)" : "(closed)"/gm)].flatMap((found) => found.slice(1).filter(Boolean));
  const resets = [...source("protocol/tunnel/frame.cpp").matchAll(/case FlowReset::\w+: return "(\w+)"/g)].map(([, name]) => name).filter((name) => name !== "none");
  assert.ok(codes.length >= 7 && resets.length >= 9, "they are read");
  for (const code of [...codes, ...resets]) for (const language of ["en", "fr", "es"]) assert.ok(translated(code, language)?.includes(" ") || translated(code, language)?.length > 4, `${language}: ${code}`);
});

test("a sentence keeps what it names, and what is inside it is said in the same language", () => {
  assert.equal(inWords("counter_behind (3)"), "son compteur est en retard, comme après une sauvegarde restaurée (3 fois)");
  assert.equal(inWords("There is no folder /srv/été (1)."), "Il n’y a pas de dossier /srv/été (1).");
  assert.equal(inWords("The service's program at nas port 80 cannot be reached: No route to host."), "Le programme du service, nas, port 80, est injoignable : aucun chemin vers cet ordinateur.");
  assert.equal(inWords("In the relay's key: The third group of the device id (ab?) has a typo."), "Dans la clé du relais : Le troisième groupe (ab?) a une faute de frappe.");
  assert.equal(inWords("The command ended with code 127; it said last: not found"), "La commande s’est terminée avec le code 127 ; ses derniers mots : not found");
  assert.equal(inWords("The command was ended by signal 9."), "La commande a été arrêtée par le signal 9.");
  assert.equal(inWords("What nobody wrote."), "What nobody wrote.");
});

test("a sentence takes no long time, whatever is in it", () => {
  const begun = process.cpuUsage().user;
  inWords(`The service's program at ${" port ".repeat(2000)}`);
  assert.ok(process.cpuUsage().user - begun < 5_000_000);
});

// --- words ---

const placeholders = (text) => [...text.matchAll(/\{\w+\}|\[\w+\]/g)].map(([mark]) => mark).sort();

for (const name of ["words.js", "phone_words.js", "lock_words.js", "service_words.js", "office/words.js"]) {
  test(`${name} says everything in three languages, with the same values`, async () => {
    const own = await load(name), { all } = own.all ? own : await load("words.js");
    for (const language of ["fr", "es"]) {
      assert.deepEqual(Object.keys(all[language]).sort(), Object.keys(all.en).sort());
      for (const [key, text] of Object.entries(all[language])) assert.deepEqual([...new Set(placeholders(text))], [...new Set(placeholders(all.en[key]))], `${language} ${key}: ${text}`);
    }
  });
}
