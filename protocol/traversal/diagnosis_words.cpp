// The words of a diagnosis: plain sentences, no jargon; engineers read the codes.
#include <array>

#include "protocol/traversal/diagnosis.hpp"

namespace drawbridge::traversal {
namespace {

constexpr size_t causes = static_cast<size_t>(last_cause) + 1;

// "%" stands for the peer: "the office" or "the device".
struct Words {
  const char* name;
  const char* sentence;
  const char* remedy;
};

constexpr std::array<Words, causes> words = {{
    {"direct", "Connected directly.", ""},
    {"relayed_udp_blocked_here", "Connected through a relay, because this network lets only web traffic out.",
     "Another network would be faster; or ask this network's administrator to let UDP out."},
    {"relayed_udp_blocked_there", "Connected through a relay, because the network of % lets only web traffic out.",
     "Let UDP out there, in the firewall or the router."},
    {"relayed_direct_worse", "Connected through a relay, because the direct path is slower or loses more.", ""},
    {"relayed_no_common_family", "Connected through a relay, because one end has only IPv4 and the other only IPv6.",
     "Switch IPv6 on in the router of the older network."},
    {"relayed_trying", "Connected through a relay; a direct path is still being tried.", ""},
    {"relayed_ports_both", "Connected through a relay, because the routers of both networks change the way back with every destination.",
     "Forward a port to the office in its router, then there: drawbridge address add HOST:PORT."},
    {"relayed_ports_here", "Connected through a relay, because this network's router changes the way back with every destination and the other end's router lets nobody else in.",
     "Forward a port to the office in its router, then there: drawbridge address add HOST:PORT."},
    {"relayed_ports_there", "Connected through a relay, because the router of % changes the way back with every destination and this network's router lets nobody else in.",
     "Forward a port to the office in its router, then there: drawbridge address add HOST:PORT."},
    {"relayed_firewall", "Connected through a relay, because what is sent directly does not arrive: a firewall or router on the way keeps it.",
     "Forward a port to the office in its router, then there: drawbridge address add HOST:PORT."},
    {"revoked", "The office has revoked this device.", "Pair it again, if it should have access."},
    {"no_network", "This computer has no network.", "Plug in a cable or join a Wi-Fi network; Drawbridge goes on by itself."},
    {"upgrade_needed", "This computer and % have no common version of Drawbridge.", "Update Drawbridge on the older one."},
    {"connecting", "Connecting.", "Wait a few seconds."},
    {"relay_quota", "The relay passes less on than is sent: its quota for % or for this computer is used up.",
     "Wait, or use another relay: drawbridge relay add URL, at the office."},
    {"peer_away", "The office is off or unreachable, or this device is no longer allowed. Ask the office.",
     "Its relay answers, and the office is not there: see whether it is on and has internet."},
    {"peer_silent", "The office is off or unreachable, or this device is no longer allowed. Ask the office.",
     "It was at its relay a moment ago; if this lasts, restart Drawbridge at the office."},
    {"refused", "The device's newest attempt was turned away.",
     "'drawbridge devices' says why. After a restored backup: drawbridge devices reset-counter DEVICE."},
    {"clock_wrong", "This computer's clock shows a time before it was paired.", "Set date and time right."},
    {"captive_portal", "This network shows a web page in the relay's place: it wants somebody to sign in first.",
     "Open a web page and sign in; Drawbridge goes on by itself."},
    {"nothing_gets_out", "Nothing that this computer sends is answered.",
     "In a hotel, train or guest network open a web page and sign in first. Otherwise see whether the internet works."},
    {"relay_name_unknown", "The relay's name is not found.", "See whether the internet works and names are found: open a web page."},
    {"relay_silent", "The relay does not answer.",
     "In a hotel, train or guest network open a web page and sign in first. If the internet works, the relay is down: its operator knows more, and a second "
     "relay helps: drawbridge relay add URL, at the office."},
    {"no_relay", "The office is off or unreachable, or this device is no longer allowed. Ask the office.",
     "The office names no relay, so it is found only in its own network or at fixed addresses: drawbridge relay add URL, at the office."},
}};

// What an owner is told of a device where that is another sentence.
Explanation of_device(Cause cause) {
  switch (cause) {
    case Cause::revoked: return {"This device was revoked.", "Pair it again, if it should have access."};
    case Cause::peer_away: return {"The device is off, asleep or without a network.", ""};
    case Cause::peer_silent: return {"The device is at the relay and does not answer.", "If this lasts, restart Drawbridge on the device."};
    case Cause::no_relay:
      return {"The device is off, asleep or in another network.", "Without a relay it is found only nearby: drawbridge relay add URL."};
    default: return {};
  }
}

std::string with_peer(const char* text, const char* peer) {
  std::string out(text);
  size_t at = out.find('%');
  if (at != std::string::npos) out.replace(at, 1, peer);
  return out;
}

struct ReachWords {
  const char* name;
  const char* sentence;
  const char* remedy;
};
constexpr std::array<ReachWords, static_cast<size_t>(last_reach) + 1> reach_words = {{
    {"open", "Devices can reach this office directly from everywhere.", ""},
    {"fixed", "Devices can reach this office directly from everywhere, if the router passes on what arrives at its fixed address.", ""},
    {"most_networks", "Devices can reach this office directly from most networks, else through its relay.", ""},
    {"some_networks", "Devices can reach this office directly from some networks, else through its relay.",
     "Forward a port to this computer in the router, then: drawbridge address add HOST:PORT."},
    {"relay_only", "Devices reach this office only through its relay, because this network lets only web traffic out.",
     "Let UDP out in the firewall or the router."},
    {"own_network", "Devices can reach this office only in its own network.",
     "Name a relay: drawbridge relay add URL. Or forward a port in the router, then: drawbridge address add HOST:PORT."},
    {"unknown", "Whether devices can reach this office from outside is not known yet: no relay has answered so far.",
     "Wait a few seconds, then: drawbridge netcheck."},
    {"no_network", "This computer has no network, so no device can reach this office.", "Plug in a cable or join a Wi-Fi network."},
}};

constexpr std::array<ReachWords, static_cast<size_t>(last_outlet) + 1> outlet_words = {{
    {"everything", "This network lets everything out that Drawbridge needs.", ""},
    {"web_only", "This network lets only web traffic out, so offices are reached through relays.",
     "Another network would be faster; or ask this network's administrator to let UDP out."},
    {"captive_portal", "This network shows a web page in the relay's place: it wants somebody to sign in first.",
     "Open a web page and sign in; Drawbridge goes on by itself."},
    {"nothing", "Nothing that this computer sends is answered.",
     "In a hotel, train or guest network open a web page and sign in first. Otherwise see whether the internet works."},
    {"no_names", "The relays' names are not found.", "See whether the internet works: open a web page."},
    {"no_network", "This computer has no network.", "Plug in a cable or join a Wi-Fi network; Drawbridge goes on by itself."},
    {"unknown", "No relay outside this network is known that could be asked, so only this computer's own addresses can be told.",
     "Name one on the office: drawbridge relay add URL."},
    {"udp_unknown", "Relays answer. Whether direct ways to other networks are let out is not known: no relay outside this network could be asked.",
     "Name a relay outside by its udp:// address: drawbridge relay add URL."},
}};

}  // namespace

const char* name_of(Cause cause) { return words[static_cast<size_t>(cause)].name; }

Explanation explain(Cause cause, bool we_are_office) {
  if (we_are_office) {
    Explanation special = of_device(cause);
    if (!special.sentence.empty()) return special;
  }
  const Words& chosen = words[static_cast<size_t>(cause)];
  return {with_peer(chosen.sentence, we_are_office ? "the device" : "the office"), chosen.remedy};
}

const char* name_of(Reach reach) { return reach_words[static_cast<size_t>(reach)].name; }

const char* name_of(Outlet outlet) { return outlet_words[static_cast<size_t>(outlet)].name; }

Explanation explain(Outlet outlet) {
  const ReachWords& chosen = outlet_words[static_cast<size_t>(outlet)];
  return {chosen.sentence, chosen.remedy};
}

Explanation explain(Reach reach) {
  const ReachWords& chosen = reach_words[static_cast<size_t>(reach)];
  return {chosen.sentence, chosen.remedy};
}

}  // namespace drawbridge::traversal
