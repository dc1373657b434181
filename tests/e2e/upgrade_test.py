"""A state of version 1 (tests/state_version_1) under this version: all is there, whatever happens while it is taken over."""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from bridge import DAEMON, BridgeTest, Node, eventually
from power_cuts import RecordedNode, disks_of, put_files
from servers import Echo, exchange

FIXTURE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "state_version_1")
OFFICE = "127.90.7.1:47470"
TARGET = ("127.90.7.1", 47471)


def files_of(name):
    """What version 1 has left in the folder of this node."""
    folder = os.path.realpath(FIXTURE)
    with open(os.path.join(folder, name + ".key.hex")) as text:
        key = bytes.fromhex(text.read())
    database = sqlite3.connect(":memory:")
    with open(os.path.join(folder, name + ".sql")) as text:
        database.executescript(text.read())
    content = database.serialize()
    database.close()
    return {"key": key, "name": name.encode() + b"\n", "state.db": content}


def version_of(state):
    """Of a copy, with what is in its log: whoever opens a database changes it."""
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(state):
            if name.startswith("state.db"):
                shutil.copy(os.path.join(state, name), folder)
        database = sqlite3.connect(os.path.join(folder, "state.db"))
        found = database.execute("PRAGMA user_version").fetchone()[0]
        database.close()
        return found


class OldState(BridgeTest):
    start_them = False

    def make_nodes(self):
        nodes = self.node("office", listen=OFFICE), self.node("laptop")
        for node in nodes:
            put_files(node, files_of(node.name))
        return nodes

    def events(self, node):
        with open(node.log) as log:
            return [json.loads(line) for line in log if line.startswith("{")]

    def holds(self, office, warnings=()):
        """Everything that version 1 knew, with what version 2 knows more; once."""
        devices = {device["name"]: device for device in office.json("devices")}
        self.assertEqual(set(devices), {"notebook", "phone"})
        self.assertEqual(devices["notebook"]["grants"], ["echo"])
        self.assertIsNotNone(devices["notebook"]["paired_at"])
        phone = devices["phone"]
        self.assertEqual((phone["state"], phone["grants"], phone["grants_before"]), ("revoked", [], None))
        self.assertLess(phone["paired_at"], phone["last_seen"])
        self.assertLessEqual(phone["last_seen"], phone["revoked_at"])
        service, = office.json("services")
        self.assertEqual((service["name"], service["target"]), ("echo", "%s:%d" % TARGET))
        verified = office.json("audit", "verify")
        self.assertTrue(verified["ok"], verified)
        shown = [json.loads(line) for line in office.run("audit", "show", "--json").splitlines()]
        self.assertEqual([record["type"] for record in shown].count("paired"), 2)
        upgraded = [record for record in shown if record["type"] == "upgraded"]
        self.assertEqual([record["detail"] for record in upgraded], ["state 1 to 2: dates completed of 1 of 1 revocations"])
        self.assertEqual([warning["code"] for warning in office.json("status")["warnings"]], list(warnings))


class Upgrade(OldState):
    def test_everything_is_there_and_the_device_connects(self):
        echo = Echo(TARGET)
        self.office.start("--log", "json")
        self.laptop.start("--log", "json")
        self.office.connected_to("notebook")
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"as before"), b"as before")
        self.holds(self.office)
        self.assertIn("to 2", next(event["message"] for event in self.events(self.office) if event["event"] == "state_upgraded"))
        self.assertIn(" to ", next(line for line in self.office.run("devices").splitlines() if "phone" in line))
        for node in (self.office, self.laptop):
            node.stop()
            self.assertEqual(version_of(node.state), 2)
            self.assertEqual([name for name in os.listdir(node.state) if name.startswith("state.db")], ["state.db"])  # no copy
        os.remove(self.office.log)
        self.office.start("--log", "json")
        self.holds(self.office)
        self.assertEqual([event for event in self.events(self.office) if event["event"] == "state_upgraded"], [])
        echo.listener.close()

    def test_a_state_of_the_next_version_is_refused_in_words_and_left_as_it_is(self):
        self.office.start()
        self.office.stop()
        path = os.path.join(self.office.state, "state.db")
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version=3")
        database.close()
        with open(path, "rb") as file:
            before = file.read()
        done = subprocess.run([DAEMON, "--state", self.office.state, "--listen", OFFICE], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("was written by a newer version", done.stderr)
        self.assertIn("backup of the older version", done.stderr)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)


class PowerCuts(OldState):
    def test_on_every_disk_that_a_power_cut_may_leave_the_upgrade_was_made_or_is_made_by_the_next_start(self):
        recorded = RecordedNode(self.folder, "recorded")
        files = files_of("office")
        put_files(recorded, files)
        self.nodes.append(recorded)
        recorded.start()
        recorded.acknowledged("started")
        recorded.kill()
        disks = list(disks_of(recorded.trace, files))
        made_by_next = 0
        for number, (point, mode, files, acknowledged) in enumerate(disks):
            with self.subTest(point=point, mode=mode):
                node = Node(self.folder, f"disk-{number}")
                put_files(node, files)
                self.nodes.append(node)
                node.start("--log", "json")
                self.holds(node)
                made = any(event["event"] == "state_upgraded" for event in self.events(node))
                made_by_next += made
                self.assertFalse(made and acknowledged)
                node.kill()
                self.nodes.remove(node)
                shutil.rmtree(node.state)
        self.assertGreater(made_by_next, 3)
        self.assertGreater(len(disks) - made_by_next, 3)


@unittest.skipUnless(os.geteuid() == 0, "needs root, to mount a small disk")
class FullDisk(OldState):
    def on_a_disk_with(self, pages):
        """An office of version 1 on a disk that has room for so many pages more."""
        disk = self.path("disk")
        os.makedirs(disk, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
        self.addCleanup(lambda: subprocess.run(["umount", "-l", disk], check=True))
        office = Node(disk, "office", listen=OFFICE)
        put_files(office, files_of("office"))
        with open(os.path.join(disk, "filler"), "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                filler.truncate(max(0, os.path.getsize(filler.name) - 4096 * pages))
        self.nodes.append(office)
        office.log = self.path(f"office-{pages}.log")
        return office

    def starts(self, office):
        with open(office.log, "w") as log:
            office.process = subprocess.Popen([DAEMON, "--state", office.state, "--listen", OFFICE, "--log", "json"], stdout=log, stderr=log)
        eventually(lambda: office.process.poll() is not None or office.run_code("status") == 0, 60, "it serves or has ended")
        if office.process.poll() is None:
            return True
        self.assertEqual(office.process.returncode, 1)
        office.process = None
        return False

    def test_wherever_the_disk_fills_up_the_state_is_of_the_one_version_or_of_the_other(self):
        refused = 0
        for pages in range(0, 40, 2):
            with self.subTest(pages=pages):
                office = self.on_a_disk_with(pages)
                if self.starts(office):
                    office.kill()
                    self.assertEqual(version_of(office.state), 2)
                else:
                    self.assertEqual(version_of(office.state), 1)
                    refused += 1
                    with open(office.log) as log:
                        self.assertIn("disk has space", log.read())
                os.remove(self.path("disk", "filler"))
                office.start()
                self.holds(office, ["disk_full"])  # too small a disk for the reserve
                office.kill()
                self.nodes.remove(office)
        self.assertGreater(refused, 0)


if __name__ == "__main__":
    unittest.main()
