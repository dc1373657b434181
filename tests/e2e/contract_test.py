"""The command line as scripts see it: every documented field of --json, every exit code. docs/spec/admin.md."""

import json
import os
import re
import signal
import subprocess
import unittest

from bridge import CLI, DAEMON, BridgeTest, eventually, pair
from servers import Echo, exchange

MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "man", "drawbridged.8")
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
ID = r"^([0-9a-z]{7}-)+[0-9a-z]{7}$"
NODE = {"id", "name", "version", "listen", "started_at", "displaced", "locked"}
PEER = {"id", "name", "role", "state", "echo_age_ms", "path", "cause", "transitions", "since", "bytes_sent", "bytes_received"}
PATH = {"kind", "remote", "relay", "rtt_ms", "loss"}
SERVICE = {"name", "office", "kind", "target", "address", "url", "state", "cause"}
DEVICE = {"id", "name", "grants", "until", "state", "last_seen", "last_refusal", "revoked_at", "grants_until", "paired_at", "grants_before"}
RECORD = {"seq", "time", "type", "device", "device_name", "service", "detail", "bytes_sent", "bytes_received", "hash"}


class Contract(BridgeTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.target = f"127.0.0.1:{self.echo.port}"
        self.exposed = self.office.json("expose", "echo", self.target)
        os.mkdir(self.path("shared"))
        self.office.json("expose", "files", "folder:" + self.path("shared"))
        self.device = pair(self.office, self.laptop, "--allow", "echo,files")
        self.address = self.laptop.address_of("echo")

    def holds(self, document, fields):
        """Exactly the documented fields: one more is to be documented, one less breaks scripts."""
        self.assertEqual(set(document), fields)

    def ids_and_times(self, *values):
        for value in values:
            self.assertRegex(value, TIME if value[4] == "-" else ID)

    def test_status_of_both_ends(self):
        exchange(self.address, b"x" * 1000)
        for node, peer_name, role in ((self.office, "laptop", "device"), (self.laptop, "office", "office")):
            status = node.json("status")
            self.holds(status, {"node", "peers", "reach", "addresses", "services", "invitations", "warnings"})
            self.holds(status["node"], NODE)
            self.assertEqual(status["warnings"], [])
            self.ids_and_times(status["node"]["id"], status["node"]["started_at"])
            self.assertRegex(status["node"]["listen"][0], r"^udp://127\.0\.0\.1:\d+$")
            peer, = status["peers"]
            self.holds(peer, PEER)
            self.assertEqual((peer["name"], peer["role"], peer["state"], peer["cause"]), (peer_name, role, "connected", None))
            self.ids_and_times(peer["id"], peer["since"])
            self.assertLess(peer["echo_age_ms"], 10_000)
            self.assertGreaterEqual(peer["bytes_sent"], 1000)
            self.assertGreaterEqual(peer["bytes_received"], 1000)
            self.holds(peer["path"], PATH)
            self.assertEqual((peer["path"]["kind"], peer["path"]["relay"]), ("direct", None))
            self.assertGreater(peer["path"]["rtt_ms"], 0)

    def test_an_open_invitation_is_part_of_the_status(self):
        created = self.office.json("pair", "--name", "phone", "--expires", "2m")
        self.holds(created, {"id", "link", "code", "expires_at", "page_release", "reach"})
        self.holds(created["reach"], {"code", "sentence", "remedy"})
        self.assertTrue(created["link"].startswith("drawbridge:#"))
        invitation, = self.office.json("status")["invitations"]
        self.assertEqual(invitation, {"id": created["id"], "name": "phone", "expires_at": created["expires_at"], "claimed": False})
        picture = self.office.json("pair", "--qr", "svg", "--output", self.path("code.svg"))
        self.holds(picture, {"id", "link", "code", "expires_at", "page_release", "reach", "file"})
        self.assertRegex(self.office.run("pair", "--link-only"), r"^drawbridge:#[\w-]+\n$")

    def test_status_watched_is_one_document_a_line(self):
        watching = subprocess.Popen([CLI, "--state", self.office.state, "status", "--watch", "--json"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(watching.stdout.close)
        self.assertEqual(len(json.loads(watching.stdout.readline())["services"]), 2)
        self.office.json("unexpose", "files")
        # Round trips are measured meanwhile, and told, too.
        self.assertIn(1, (len(json.loads(line)["services"]) for line in watching.stdout))
        watching.send_signal(signal.SIGINT)
        self.assertIn(watching.wait(20), (0, 130))

    def test_services_at_the_office_and_on_the_device(self):
        self.holds(self.exposed, SERVICE)
        self.assertEqual((self.exposed["kind"], self.exposed["target"], self.exposed["address"], self.exposed["url"]), ("tcp", self.target, None, None))
        offered = {service["name"]: service for service in self.laptop.json("services")}
        for service in offered.values():
            self.holds(service, SERVICE)
            self.assertEqual((service["office"], service["target"], service["state"], service["cause"]), ("office", None, "ready", None))
            self.assertRegex(service["address"], r"^127\.83\.\d+\.\d+:\d+$")
        self.assertEqual((offered["echo"]["kind"], offered["echo"]["url"]), ("tcp", None))
        self.assertRegex(offered["files"]["url"], r"^http://files\.office\.localhost:\d+/$")
        self.assertEqual(self.laptop.json("open", "files"), {"url": offered["files"]["url"]})
        self.assertEqual(self.office.json("unexpose", "echo"), {"name": "echo"})

    def test_devices_and_what_is_done_to_them(self):
        self.holds(self.device, DEVICE)
        self.ids_and_times(self.device["id"])
        self.assertEqual(self.device["grants_until"], {"echo": None, "files": None})
        ended = self.office.json("allow", "laptop", "echo", "--until", "2035-03-01")
        self.holds(ended, DEVICE)
        self.ids_and_times(ended["until"], ended["last_seen"])
        self.assertEqual(ended["until"], ended["grants_until"]["echo"])
        self.assertEqual(self.office.json("deny", "laptop", "echo")["grants"], ["files"])
        self.assertEqual(self.office.json("rename", "laptop", "notebook")["name"], "notebook")
        self.holds(self.office.json("devices", "reset-counter", "notebook"), DEVICE)
        revoked = self.office.json("revoke", self.device["id"][:9], "--reason", "lost")
        self.holds(revoked, {"id", "name", "revoked_at"})
        self.ids_and_times(revoked["id"], revoked["revoked_at"])
        entry, = self.office.json("devices")
        self.assertEqual((entry["state"], entry["revoked_at"]), ("revoked", revoked["revoked_at"]))
        self.assertEqual(self.office.json("devices", "forget", "notebook"), {"id": revoked["id"], "name": "notebook"})

    def test_ping_wait_and_leave(self):
        ping = self.laptop.json("ping", "office")
        self.holds(ping, {"id", "name", "rtt_ms", "path"})
        self.holds(ping["path"], PATH)
        for arguments, found in ((("--ready",), "ready"), (("--connected", "office"), "connected"), (("--paired",), "paired")):
            waited = self.laptop.json("wait", *arguments)
            self.holds(waited, {"for", "id", "name"})
            self.assertEqual(waited["for"], found)
        self.holds(self.laptop.json("leave", "office"), {"id", "name"})
        self.assertEqual(self.laptop.json("status")["peers"], [])

    def test_join(self):
        self.laptop.json("leave", "office")
        eventually(lambda: self.office.json("devices")[0]["state"] == "revoked", 60, "the office has heard of it")
        joined = self.laptop.json("join", self.office.run("pair", "--link-only", "--allow", "echo").strip())
        self.holds(joined, {"office", "services"})
        self.holds(joined["office"], {"id", "name"})
        self.holds(joined["services"][0], SERVICE)

    def test_the_audit_trail_is_one_record_a_line(self):
        exchange(self.address, b"x" * 1000)
        self.office.json("revoke", "laptop", "--reason", "lost")

        def records(*arguments):
            return [json.loads(line) for line in self.office.run("audit", *arguments, "--json").splitlines()]
        closed = eventually(lambda: next((one for one in records("show") if one["type"] == "flow_closed"), None), 60, "the flow is on record")
        self.assertEqual((closed["device_name"], closed["service"], closed["bytes_sent"], closed["bytes_received"]), ("laptop", "echo", 1000, 1000))
        shown, exported = records("show"), records("export")
        self.assertEqual([one["seq"] for one in shown], list(range(1, len(shown) + 1)))
        for record in shown:
            self.holds(record, RECORD)
            self.assertRegex(record["time"], TIME)
            self.assertRegex(record["hash"], r"^[0-9a-f]{64}$")
        self.holds(exported[0], RECORD | {"record"})
        self.assertEqual(next(one for one in shown if one["type"] == "revoked")["detail"], "lost")
        self.assertEqual(records("show", "--from", "2035-01-01"), [])
        verified = self.office.json("audit", "verify")
        self.holds(verified, {"ok", "records", "head", "broken_at", "cause", "checkpoint", "pruned_heads"})
        self.holds(verified["head"], {"seq", "hash"})
        self.assertEqual((verified["ok"], verified["broken_at"], verified["cause"]), (True, None, None))

    def test_init_backup_and_restore(self):
        made = self.office.json("backup", self.path("backup"))
        self.holds(made, {"file", "bytes", "created_at"})
        self.assertEqual(made["bytes"], os.path.getsize(self.path("backup")))
        spare = self.node("spare")
        created = spare.init()
        self.holds(created, {"id", "name", "words", "state"})
        self.assertEqual(len(created["words"]), 24)
        again = self.node("again")
        restored = again.init("--restore", input=" ".join(created["words"]))
        self.holds(restored, {"id", "name", "words", "state"})
        self.assertEqual((restored["id"], restored["words"]), (created["id"], None))
        counts = self.office.json("restore", self.path("backup"))
        self.holds(counts, {"devices", "offices", "services", "revocations"})
        self.assertEqual((counts["devices"], counts["services"]), (1, 2))

    def test_exit_codes_and_the_form_of_a_failure(self):
        def failure(*arguments):
            refused = self.laptop.refused(*arguments)
            code = refused.pop("exit")
            self.holds(refused, {"code", "message", "remedy"})
            self.assertRegex(refused["message"], r"\.$")
            return code, refused["code"]
        self.assertEqual(failure("ping", "nobody"), (1, "not_found"))
        self.assertEqual(failure("connect", "nothing", "--stdio"), (1, "not_found"))
        self.assertEqual(failure("frobnicate"), (2, "usage"))
        self.assertEqual(failure("pair", "--expires", "soon")[0], 2)
        self.assertEqual(failure("wait", "--connected", "nobody", "--timeout", "1s")[0], 4)
        self.laptop.stop()
        for command in (("status",), ("services",), ("devices",), ("pair",), ("ping", "office"), ("audit", "show"), ("revoke", "laptop"), ("expose", "x", "127.0.0.1:1")):
            self.assertEqual(failure(*command), (3, "daemon_not_running"))
        self.assertEqual(failure("wait", "--ready", "--timeout", "1s"), (4, "timed_out"))

    def test_the_manual_describes_every_option_of_the_daemon_and_no_other(self):
        help_text = subprocess.run([DAEMON, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout
        options = set(re.findall(r"^  (?:-\w,)?--([a-z-]+)", help_text, re.M)) - {"help"}
        with open(MANUAL) as page:
            manual = page.read()
        self.assertGreater(len(options), 5)
        self.assertEqual(set(re.findall(r"^\.It Fl -([a-z-]+)", manual, re.M)), options)
        self.assertEqual(set(re.findall(r"^\.Op Fl -([a-z-]+)", manual, re.M)), options - {"version"})

    def test_a_failure_for_people_is_a_sentence_and_a_remedy_on_the_error_channel(self):
        done = subprocess.run([CLI, "--state", self.laptop.state, "ping", "nobody"], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"(?s)nobody.*\..*drawbridge")


if __name__ == "__main__":
    unittest.main()
