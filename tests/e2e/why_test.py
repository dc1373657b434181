"""What people are told about the way to an office: fixed addresses, `why`, the history of paths. docs/spec/admin.md."""

import json
import os
import subprocess
import threading
import unittest

from bridge import CLI, BridgeTest, eventually, pair
from networks import ThreeNetworks, ip

PAIR = {"kind", "local", "remote", "relay", "in_use", "first_asked", "asked", "answered", "rtt_ms", "best_rtt_ms", "loss", "last_answer", "left", "left_at"}
TRANSITION = {"at", "kind", "remote", "relay", "reason"}
WHY = {"id", "name", "role", "state", "cause", "sentence", "remedy", "path", "facts"}
FACTS = {"network", "ipv4", "ipv6", "nat", "peer_ipv4", "peer_ipv6", "peer_nat", "direct_answers", "refused", "clock_behind", "relays"}
NETCHECK = {"verdict", "reach", "outlet", "udp", "addresses", "public_ipv4", "global_ipv6", "mapping", "filtering", "keepalive_ms", "relays", "gateways", "fixed", "proxy", "took_ms"}
SILENCE = "The office is off or unreachable, or this device is no longer allowed. Ask the office."


# Only what was forwarded passes.
FORWARDED = """
table ip router {
  chain inwards { type nat hook prerouting priority dstnat; ip daddr 10.76.0.9 udp dport 7470 dnat to 10.76.1.2; }
  chain through { type filter hook forward priority filter; policy drop; ct status dnat accept; ct state established accept; }
}
"""


class Nearby(BridgeTest):
    """An office and a laptop on one machine, connected directly."""

    def setUp(self):
        super().setUp()
        pair(self.office, self.laptop)

    def test_a_direct_connection_is_said_to_be_one_at_both_ends(self):
        for node, peer in ((self.laptop, "office"), (self.office, "laptop")):
            why = node.json("why", peer)
            self.assertEqual(set(why), WHY)
            self.assertEqual(set(why["facts"]), FACTS)
            self.assertEqual((why["cause"], why["state"], why["remedy"], why["path"]["kind"]), ("direct", "connected", None, "direct"))
            self.assertIn("Connected directly.", node.run("why", peer))

    def test_an_office_that_is_off_and_a_revoked_device_are_told_apart_only_by_the_office(self):
        self.office.kill()
        eventually(lambda: self.laptop.json("why", "office")["cause"] == "no_relay", 60, "the laptop has noticed")
        self.assertEqual(self.laptop.json("why", "office")["sentence"], SILENCE)
        self.assertEqual(self.laptop.peer("office")["cause"], SILENCE)
        self.office.start()
        self.laptop.connected_to("office", 60)
        self.office.json("revoke", "laptop")
        eventually(lambda: self.laptop.json("why", "office")["cause"] == "revoked", 60, "the laptop was told")
        told = self.office.json("why", "laptop")
        self.assertEqual((told["cause"], told["sentence"]), ("revoked", "This device was revoked."))

    def test_nobody_is_unknown(self):
        self.assertEqual(self.laptop.refused("why", "nobody")["code"], "not_found")
        self.assertEqual(self.laptop.refused("debug", "dump", "nobody")["code"], "not_found")

    def test_the_dump_holds_every_pair_and_change_and_no_secrets(self):
        dump = self.laptop.json("debug", "dump")
        self.assertEqual(set(dump), {"version", "listen", "addresses", "reach", "peers"})
        history, = dump["peers"]
        self.assertEqual(set(history), {"id", "name", "role", "why", "pairs", "transitions"})
        for one in history["pairs"]:
            self.assertEqual(set(one), PAIR)
        used, = (one for one in history["pairs"] if one["in_use"])
        self.assertGreaterEqual(used["answered"], 1)
        self.assertGreater(used["rtt_ms"], 0)
        self.assertEqual(set(history["transitions"][0]), TRANSITION)
        self.assertEqual(history["transitions"][0]["reason"], "first")
        self.assertEqual(json.loads(self.laptop.run("debug", "dump", "office"))["peers"][0]["id"], history["id"])

    def test_a_watched_status_shows_changes_of_paths_with_their_times(self):
        watching = subprocess.Popen([CLI, "--state", self.laptop.state, "status", "--watch", "--json"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(watching.stdout.close)
        self.addCleanup(lambda: (watching.kill(), watching.wait()))
        deadline = threading.Timer(120, watching.kill)
        deadline.start()
        self.addCleanup(deadline.cancel)

        def until(found):
            for line in watching.stdout:
                peer, = json.loads(line)["peers"]
                if found(peer):
                    return peer
            self.fail("the watch ended first")
        until(lambda peer: peer["path"] and peer["path"]["rtt_ms"] and peer["path"]["loss"] is not None)
        self.office.kill()
        lost = until(lambda peer: peer["state"] != "connected")
        self.assertEqual(lost["transitions"][-1]["kind"], None)
        self.assertIn(lost["transitions"][-1]["reason"], ("silent", "ended"))
        self.office.start()
        back = until(lambda peer: peer["state"] == "connected")
        self.assertEqual(back["transitions"][-1]["kind"], "direct")

    def test_a_relay_whose_name_is_not_found_is_told_as_such(self):
        url = "udp://no-such-name.invalid#" + self.office.json("status")["node"]["id"]
        self.office.json("relay", "add", url)
        eventually(lambda: (self.laptop.json("why", "office")["facts"]["relays"] or [{}])[0].get("state") == "name_unknown", 60, "the laptop knows of the relay")
        found = self.office.json("netcheck")
        self.assertEqual((found["relays"][0]["state"], found["outlet"]["code"], found["verdict"]["code"]), ("name_unknown", "no_names", "no_names"))
        self.office.kill()
        why = eventually(lambda: (w := self.laptop.json("why", "office"))["cause"] == "relay_name_unknown" and w, 60, "the laptop has noticed")
        self.assertEqual(why["sentence"], "The relay's name is not found.")

    def test_netcheck_names_the_proxy_without_its_password(self):
        self.assertIsNone(self.laptop.json("netcheck")["proxy"])
        self.laptop.stop()
        with open(os.open(os.path.join(self.laptop.state, "config.toml"), os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write('[network]\nproxy = "http://ann:tellnobody@127.0.0.1:3128"\n')
        self.laptop.start()
        said = self.laptop.run("netcheck") + self.laptop.run("netcheck", "--json") + self.laptop.run("debug", "dump")
        self.assertIn("http://127.0.0.1:3128", said)
        self.assertNotIn("tellnobody", said)

    def test_a_fixed_address_is_kept_listed_and_removed(self):
        added = self.office.json("address", "add", "203.0.113.7:7470")
        self.assertEqual(added, {"address": "203.0.113.7:7470", "found": ["203.0.113.7:7470"], "cause": None})
        missing = self.office.json("address", "add", "No-Such-Name.invalid:7470")
        self.assertEqual((missing["address"], missing["found"]), ("no-such-name.invalid:7470", []))
        self.assertRegex(missing["cause"], "was not found")
        self.assertEqual(self.office.refused("address", "add", "203.0.113.7:7470")["code"], "already_exists")
        self.assertEqual(self.office.refused("address", "add", "203.0.113.7")["code"], "invalid_argument")
        self.assertEqual(self.office.refused("address", "remove", "203.0.113.8:7470")["code"], "not_found")
        self.office.kill()
        self.office.start()
        eventually(lambda: [one["address"] for one in self.office.json("status")["addresses"]] == ["203.0.113.7:7470", "no-such-name.invalid:7470"],
                   30, "both are still there after a power cut")
        self.assertEqual(self.office.json("status")["reach"]["code"], "fixed")
        self.assertIn("Fixed address 203.0.113.7:7470", self.office.run("status"))
        self.assertEqual(self.office.json("address", "remove", "203.0.113.7:7470"), {"address": "203.0.113.7:7470"})
        self.assertEqual(self.office.json("status")["reach"]["code"], "own_network")
        listed = {one["type"] for one in map(json.loads, self.office.run("audit", "show", "--json").splitlines())}
        self.assertLessEqual({"address_added", "address_removed"}, listed)


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class Apart(ThreeNetworks):
    """Office and laptop in networks that only a relay joins."""

    def cause(self, node, peer, cause, seconds=120):
        eventually(lambda: node.json("why", peer)["cause"] == cause, seconds, f"{cause} at {node.name}: {node.json('why', peer)}")
        return node.json("why", peer)

    def forward(self, on):
        """The relay's computer passes packets on between the two networks, or not."""
        subprocess.run(["ip", "netns", "exec", self.relay_network, "sysctl", "-qw", f"net.ipv4.ip_forward={int(on)}"], check=True)

    def block_udp(self, node, address):
        """Only web traffic gets out from now on. The new address makes a network event."""
        subprocess.run(["ip", "netns", "exec", node.namespace, "nft", "-f", "-"], text=True, check=True,
                       input="table ip wall { chain out { type filter hook output priority filter; meta l4proto udp drop; }; }")
        ip("-n", node.namespace, "address", "add", address, "dev", "cable")

    def test_a_network_that_lets_only_web_traffic_out_is_blamed_at_both_ends(self):
        self.meet(self.urls[0])
        self.office.json("relay", "add", self.urls[1])
        eventually(lambda: self.laptop.peer("office")["state"] == "connected", 60, "they are connected")
        self.block_udp(self.laptop, "10.76.2.3/24")
        why = self.cause(self.laptop, "office", "relayed_udp_blocked_here")
        self.assertEqual(why["facts"]["nat"]["mapping"], "udp_blocked")
        self.cause(self.office, "laptop", "relayed_udp_blocked_there")

    def netcheck(self, node):
        found = node.json("netcheck")
        self.assertEqual(set(found), NETCHECK)
        return found

    def test_netcheck_measures_what_the_network_allows(self):
        lonely = self.netcheck(self.laptop)
        self.assertEqual((lonely["verdict"]["code"], lonely["reach"], lonely["relays"]), ("unknown", None, []))
        self.assertEqual([address.rsplit(":", 1)[0] for address in lonely["addresses"]], ["10.76.2.2"])
        self.office.json("relay", "add", self.urls[0])
        self.office.json("relay", "add", self.urls[1])  # the same relay, by WebSocket
        found = self.netcheck(self.office)  # though the relay has nobody to serve yet
        relay, = found["relays"]
        self.assertEqual(set(relay), {"url", "state", "transport", "rtt_ms", "observed", "operator", "country"})
        self.assertEqual((relay["state"], relay["transport"], relay["operator"]), ("ready", "udp", "Ann"))
        self.assertEqual(relay["observed"].rsplit(":", 1)[0], "10.76.1.2")
        # It is in a private network: what gets out of that nobody has seen.
        self.assertEqual((found["udp"], found["outlet"]["code"]), (None, "unknown"))
        self.assertRegex(self.office.run("netcheck"), r"answers by UDP in [\d.]+ ms")
        self.office.json("pair")  # an office without services is one from its first invitation on
        self.assertEqual(self.netcheck(self.office)["verdict"], self.office.json("status")["reach"])

        self.block_udp(self.office, "10.76.1.3/24")
        eventually(lambda: self.netcheck(self.office)["outlet"]["code"] == "web_only", 120, "only web traffic gets out")
        self.assertEqual(self.netcheck(self.office)["relays"][0]["transport"], "websocket")
        self.stop_relay(self.relay)
        eventually(lambda: self.netcheck(self.office)["verdict"]["code"] == "nothing", 120, "nothing gets out")

    def test_relayed_and_missing_are_explained(self):
        self.meet(self.urls[0])
        why = self.cause(self.laptop, "office", "relayed_firewall")
        self.assertEqual((why["path"]["kind"], why["facts"]["relays"]), ("relayed", [{"url": self.urls[0], "state": "ready", "peer_there": True}]))
        self.assertRegex(self.laptop.peer("office")["cause"], "through a relay")
        self.assertIn("What helps:", self.laptop.run("why", "office"))
        self.office.stop()
        self.assertEqual(self.cause(self.laptop, "office", "peer_away")["sentence"], SILENCE)
        self.stop_relay(self.relay)
        self.cause(self.laptop, "office", "relay_silent")
        ip("-n", self.laptop.namespace, "link", "set", "cable", "down")
        self.cause(self.laptop, "office", "no_network")

    def test_devices_follow_a_fixed_name_to_a_direct_path(self):
        """The office is behind a port that somebody forwards; its name leads to another address than its own."""
        hosts = f"/etc/netns/{self.office.namespace}/hosts"
        os.makedirs(os.path.dirname(hosts), exist_ok=True)
        self.addCleanup(lambda: (os.remove(hosts), os.rmdir(os.path.dirname(hosts))))
        with open(hosts, "w") as file:
            file.write("127.0.0.1 localhost\n10.76.0.9 office.example.org\n")
        self.office.stop()
        self.office.start()  # it sees the file from now on
        ip("-n", self.relay_network, "address", "add", "10.76.0.9/32", "dev", "lo")
        self.forward(True)
        subprocess.run(["ip", "netns", "exec", self.relay_network, "nft", "-f", "-"], input=FORWARDED, text=True, check=True)
        self.meet(self.urls[0])
        added = self.office.json("address", "add", "office.example.org:7470")
        self.assertEqual(added["found"], ["10.76.0.9:7470"])
        eventually(lambda: (self.laptop.peer("office")["path"] or {}).get("remote") == "10.76.0.9:7470", 120, "the laptop uses the forwarded port")
        self.assertIn("10.76.0.9:7470", json.dumps(self.laptop.json("debug", "dump")))

        with open(hosts, "w") as file:
            file.write("127.0.0.1 localhost\n10.76.0.8 office.example.org\n")
        ip("-n", self.office.namespace, "address", "add", "10.76.1.3/24", "dev", "cable")  # a network event
        eventually(lambda: self.office.json("status")["addresses"][0]["found"] == ["10.76.0.8:7470"], 60, "the name was looked up again")


if __name__ == "__main__":
    unittest.main()
