"""What is documented of the log, the metrics and the debug dump is what they hold, and no secret is in any of them."""

import base64
import http.client
import json
import os
import re
import socket
import sqlite3
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, eventually, pair
from servers import Echo, ends_at_once, exchange

SPEC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "spec")
ALWAYS = {"event", "level", "time"}


def rows_of(page):
    """The cells of each row of a page's table, by the row's name."""
    with open(os.path.join(SPEC, page)) as file:
        cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in file if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in cells}


def named(cell):
    return set(re.findall(r"`([^`]+)`", cell))


class Log(BridgeTest):
    start_them = False

    def lines(self, node):
        with open(node.log) as log:
            return [json.loads(line) for line in log if line.startswith("{")]

    def test_no_line_has_an_event_or_a_field_that_is_not_documented(self):
        documented = rows_of("log.md")
        for node in (self.office, self.laptop):
            node.init()
            node.start("--log", "json")
        port = self.office.json("status")["node"]["listen"][0].rsplit(":", 1)[1]
        self.office.listen = f"127.0.0.1:{port}"
        echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{echo.port}")
        self.office.json("expose", "down", "127.0.0.1:1")
        self.office.json("expose", "talk", "command:/bin/echo hello")
        pair(self.office, self.laptop, "--allow", "*")
        exchange(self.laptop.address_of("echo"), b"hello")
        ends_at_once(self.laptop.address_of("down"))
        with open(os.path.join(self.office.state, "config.toml"), "w") as settings:
            settings.write('log = "json"\n')
        self.office.signal(1)
        self.office.stop()
        self.office.start("--log", "json")
        self.laptop.connected_to("office")
        self.office.json("revoke", "laptop")
        eventually(lambda: any(line["event"] == "revoked" for line in self.lines(self.laptop)), 60, "the laptop is told")
        self.laptop.stop()
        self.office.stop()
        seen = set()
        for line in self.lines(self.office) + self.lines(self.laptop):
            with self.subTest(line=line):
                self.assertIn(line["event"], documented)
                level, fields, _ = documented[line["event"]]
                self.assertIn(line["level"], level)
                self.assertLessEqual(set(line) - ALWAYS, named(fields))
                self.assertLessEqual(ALWAYS, set(line))
                seen.add(line["event"])
        self.assertLessEqual({"ready", "connected", "paired", "disconnected", "service_failed", "config_reloaded", "revoked", "stopping"}, seen)


class Metrics(BridgeTest):
    start_them = False

    def configure(self, setting):
        with open(os.path.join(self.office.state, "config.toml"), "w") as settings:
            settings.write(f'metrics = "{setting}"\n')

    def get(self, target="/metrics", address=None):
        connection = http.client.HTTPConnection("metrics", timeout=60)
        if address:
            connection.sock = socket.create_connection(address, timeout=60)
        else:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(os.path.join(self.office.state, "metrics.sock"))
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def values(self, text):
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}

    def test_metrics_are_those_documented_count_and_name_nobody(self):
        self.office.init()
        self.laptop.init()
        self.configure("unix:metrics.sock")
        self.office.start()
        self.laptop.start()
        self.assertEqual(os.stat(os.path.join(self.office.state, "metrics.sock")).st_mode & 0o777, 0o600)
        echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        exchange(self.laptop.address_of("echo"), b"x" * 1000)
        status, text = self.get()
        self.assertEqual(status, 200)
        self.assertEqual(self.get("/")[0], 404)
        documented = rows_of("metrics.md")
        kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        self.assertEqual({name: row[0] for name, row in documented.items()}, kinds)
        for name, value in self.values(text).items():
            labels = set(re.findall(r"[{,](\w+)=", name))
            self.assertEqual(labels, named(documented[name.split("{")[0]][1]), name)
        values = self.values(text)
        self.assertEqual(values['drawbridge_devices{state="connected"}'], 1)
        self.assertEqual(values["drawbridge_services"], 1)
        self.assertEqual(values["drawbridge_flows_total"], 1)
        self.assertGreater(values["drawbridge_received_bytes_total"], 1000)
        for identity in ("laptop", "echo", self.office.json("status")["node"]["id"], "127.0.0.1"):
            self.assertNotIn(identity, text)

    def test_metrics_on_loopback_and_nowhere_else(self):
        self.office.init()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.configure(f"127.0.0.1:{port}")
        self.office.start()
        self.assertEqual(self.get(address=("127.0.0.1", port))[0], 200)
        self.office.stop()
        for setting in ("0.0.0.0:9470", "192.0.2.1:9470", "unix:/tmp/x.sock", "unix:../x.sock", "unix:control.sock", "unix:key", "nonsense"):
            with self.subTest(setting=setting):
                self.configure(setting)
                done = subprocess.run([DAEMON, "--state", self.office.state, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r"config\.toml:1:\d+")


def pair_secret(node, peer):
    """The 32 bytes that a node keeps for its pair with a peer: a binary behind the peer's name."""
    marked = bytes([0xA0 | len(peer)]) + peer.encode() + b"\xc4\x20"
    with sqlite3.connect(os.path.join(node.state, "state.db")) as database:
        rows = [value for value, in database.execute("SELECT value FROM rows") if marked in value]
    [row] = rows
    return row.split(marked, 1)[1][:32]


class Secrets(BridgeTest):
    start_them = False

    def test_no_key_word_or_link_is_in_the_log_the_dump_or_the_status(self):
        words = {node: node.init()["words"] for node in (self.office, self.laptop)}
        for node in (self.office, self.laptop):
            node.start("--log", "json")
        link = self.office.run("pair", "--link-only", "--name", "laptop", "--allow", "*").strip()
        self.laptop.json("join", link)
        self.office.connected_to("laptop")
        self.office.json("backup", self.path("backup"))
        said = ""
        for node in (self.office, self.laptop):
            said += node.run("debug", "dump", "--json") + node.run("status", "--json") + node.run("netcheck", "--json") + node.run("audit", "export", "--json")
            with open(node.log) as log:
                said += log.read()
        self.assertIn('"pairs"', said)
        secrets = [link.split("#")[1][:40]]
        for node in (self.office, self.laptop):
            node.stop()  # it alone reads its database while it runs
        shared = pair_secret(self.office, "laptop")
        self.assertEqual(shared, pair_secret(self.laptop, "office"))
        secrets += [shared.hex(), *(base64.b64encode(shared[place:]).decode()[:20] for place in range(3))]
        for node in (self.office, self.laptop):
            with open(os.path.join(node.state, "key"), "rb") as file:
                key = file.read()
            for place in range(0, len(key) - 16, 16):
                piece = key[place:place + 16]
                if len(set(piece)) > 8:  # not a run of zeros or the file's own name
                    secrets += [piece.hex(), base64.b64encode(piece).decode()[:20]]
            secrets += [" ".join(words[node][at:at + 3]) for at in range(22)]
        self.assertGreater(len(secrets), 50)
        for secret in secrets:
            self.assertNotIn(secret, said)


if __name__ == "__main__":
    unittest.main()
