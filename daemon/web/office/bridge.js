// What the page asks of the daemon: the commands of docs/spec/admin.md, as docs/spec/office-page.md carries them.
// Failures are thrown as {code, message, remedy}.

const network = (failure) => ({ code: "network", message: String(failure), remedy: "" });

async function post(path, body, signal) {
  try {
    return await fetch(path, {
      method: "POST", body: JSON.stringify(body), signal, cache: "no-store", redirect: "error", headers: { "Content-Type": "application/json" },
    });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw network(failure);
  }
}

async function check(answer) {
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => ({}));
  throw body.error ?? { code: answer.status === 401 ? "closed" : "network", message: answer.statusText, remedy: "" };
}

export const beginSession = async (link) => check(await post("/session", { link }));
export const leave = async () => check(await post("/leave", {}));
export const stay = async () => check(await post("/stay", {}));

async function* lines(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += value;
      const parts = held.split("\n");
      held = parts.pop();
      yield* parts;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The answers of a command, as they come. */
export async function* follow(command, args = {}, signal = undefined) {
  const answer = await check(await post("/call", { command, args }, signal));
  try {
    for await (const line of lines(answer)) {
      const { result, more, error } = JSON.parse(line);
      if (error) throw error;
      yield result;
      if (!more) return;
    }
  } catch (failure) {
    throw failure.code && failure.name === undefined ? failure : failure.name === "AbortError" ? failure : network(failure);
  }
  throw network("cut short");
}

/** The one answer of a command. */
export async function ask(command, args = {}) {
  for await (const result of follow(command, args)) return result;
}
