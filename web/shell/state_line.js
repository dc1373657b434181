// One sentence about the way to an office: what is so, and where it is not well, what helps.
import * as format from "./format.js";
import { say } from "./words.js";

const patience = 8000;  // before it is said that something does not work
const begun = Date.now();

// {state: "connected" | "connecting" | "offline", text}
export function stateOf(office, relays) {
  const { name } = office, relay = relays.find((one) => one.url === office.relay);
  if (office.state === "connected") {
    const who = relay ? [relay.operator || relay.host, relay.country].filter(Boolean).join(", ") : "";
    return { state: "connected", text: relay ? say("stateRelayed", { name, relay: who }) : say("stateConnected", { name }) };
  }
  if (!navigator.onLine) return { state: "offline", text: say("offlineNetwork") };
  // What the core remembers of an earlier page says nothing of this one.
  const fresh = Date.now() - Math.max(office.since, begun) < patience;
  if (fresh || (office.state === "connecting" && !relays.length)) return { state: "connecting", text: say("stateConnecting", { name }) };
  if (!relays.length) return { state: "offline", text: say("offlineNoRelay") };
  const silent = relays.every((one) => !one.ready);
  if (silent) return { state: "offline", text: say("offlineRelay", { relay: relays[0].host }) };
  return { state: "offline", text: say("offlineOffice", { name, time: format.fullDate(office.since) }) };
}
