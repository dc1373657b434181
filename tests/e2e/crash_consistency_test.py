"""The power fails between any two writes of an office's life: what was acknowledged is there, the trail is whole, it starts.

An office lives with every write to its state recorded (crash/record_writes.c). Then the disk is made as it may have been at
each moment: all writes there (kill -9), those that no fsync has secured gone (a power cut), or any of them, in part, too (a
disk that reorders). On each of these disks that differs from the others the daemon is started and asked.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import unittest

from bridge import BUILD, DAEMON, BridgeTest, Node, eventually, pair

MODES = ("kept", "dropped", "mixed")


class RecordedNode(Node):
    """Each of its programs tells what it writes."""

    def __init__(self, folder, name):
        super().__init__(folder, name)
        self.trace = os.path.join(folder, name + ".trace")

    def inside(self, arguments):
        library = os.path.join(BUILD, "tests", "e2e", "librecord_writes.so")
        return ["env", f"LD_PRELOAD={library}", f"RECORD_FOLDER={self.state}", f"RECORD_TO={self.trace}", *arguments]

    def acknowledged(self, what):
        with open(self.trace, "a") as trace:
            trace.write(f"acknowledged {what} 0 \n")


class File:
    """What a program sees of a file, what is sure to be on the disk, and what was done since."""

    def __init__(self):
        self.seen, self.sure, self.since = b"", None, []

    def do(self, operation):
        self.seen = apply(self.seen, operation)
        self.since.append(operation)

    def sync(self):
        self.sure, self.since = self.seen, []

    def after_power_cut(self, mode, chance):
        if mode == "kept":
            return self.seen
        content = self.sure if self.sure is not None else b""
        for kind, place, data in self.since if mode == "mixed" else ():
            if chance.random() < 0.5:
                torn = kind == "write" and chance.random() < 0.25
                content = apply(content, (kind, place, data[:len(data) // 2] if torn else data))
        return content


def apply(content, operation):
    kind, place, data = operation
    if kind == "truncate":
        return content[:place] + bytes(max(0, place - len(content)))
    content = content + bytes(max(0, place - len(content)))
    return content[:place] + data + content[place + len(data):]


class Disk:
    """A folder that is played from its trace, operation by operation."""

    def __init__(self):
        self.names, self.sure_names = {}, {}
        self.acknowledged = []

    def play(self, line):
        kind, name, number, rest = line.rstrip("\n").split(" ", 3)
        if kind == "acknowledged":
            self.acknowledged.append(name)
        elif kind in ("write", "truncate"):
            self.names.setdefault(name, File()).do((kind, int(number), bytes.fromhex(rest)))
        elif kind == "sync" and name == ".":
            self.sure_names = dict(self.names)
        elif kind == "sync" and name in self.names:
            self.names[name].sync()
        elif kind == "unlink":
            self.names.pop(name, None)
        elif kind == "rename" and name in self.names:
            self.names[bytes.fromhex(rest).decode()] = self.names.pop(name)
        return kind != "acknowledged"

    def after_power_cut(self, mode, chance):
        names = self.names if mode == "kept" else self.sure_names
        return {name: file.after_power_cut(mode, chance) for name, file in names.items()
                if name not in ("daemon.lock", "reserve") and not name.startswith("control.sock")}


class CrashConsistency(BridgeTest):
    start_them = False

    def make_nodes(self):
        return RecordedNode(self.folder, "office"), self.node("laptop")

    def live(self):
        office = self.office
        words = " ".join(office.init()["words"])
        self.assertEqual(len(words.split()), 24)
        office.acknowledged("init")
        office.start()
        self.laptop.init()
        self.laptop.start()
        phone = self.node("phone")
        phone.init()
        phone.start()
        self.did("exposed", "expose", "echo", "127.0.0.1:1")
        pair(office, self.laptop, "--allow", "echo")
        office.acknowledged("paired-laptop")
        pair(office, phone)
        office.acknowledged("paired-phone")
        self.did("allowed", "allow", "laptop", "files")
        self.did("revoked", "revoke", "phone")
        self.did("relay", "relay", "add", "udp://192.0.2.9:7471#" + self.relay_key())
        last = json.loads(office.run("audit", "show", "--json").splitlines()[-1])
        self.did("pruned", "audit", "prune", "--before", last["time"])
        office.json("backup", self.path("backup"))
        office.kill()
        office.start()
        self.did("restored", "restore", self.path("backup"))
        office.run("wait", "--ready", "--timeout", "60s")
        self.did("renamed", "rename", "laptop", "notebook")
        office.stop()
        office.acknowledged("stopped")
        self.laptop.stop()
        phone.stop()

    def did(self, what, *command):
        self.office.json(*command)
        self.office.acknowledged(what)

    def relay_key(self):
        relay = Node(self.folder, "relay")
        self.nodes.append(relay)
        with open(relay.log, "w") as log:
            relay.process = subprocess.Popen([DAEMON, "--state", relay.state, "--relay", "--listen", "127.0.0.1:0", "--log", "json"],
                                             stdout=log, stderr=log)

        def key():
            with open(relay.log) as log:
                return next((json.loads(line)["addresses"][0].split("#")[1] for line in log if '"relay_ready"' in line), None)
        found = eventually(key, 60, "the relay tells its key")
        relay.kill()
        return found

    def disks(self):
        """Each disk that differs from those before: its number of operations, its mode, its files, what was acknowledged."""
        with open(self.office.trace) as trace:
            lines = trace.readlines()
        disk, seen, points = Disk(), set(), 0
        for number, line in enumerate(lines):
            points += disk.play(line)
            for mode in MODES:
                files = disk.after_power_cut(mode, random.Random(f"{number} {mode}"))
                mark = hashlib.sha256(repr((sorted(files.items()), disk.acknowledged)).encode()).digest()
                if mark not in seen:
                    seen.add(mark)
                    yield points, mode, files, list(disk.acknowledged)
        print(f"\nwrite points: {points}, disks that differ: {len(seen)}")

    def test_on_every_disk_that_a_power_cut_may_leave_all_that_was_acknowledged_is_there(self):
        self.live()
        disks = list(self.disks())
        for number, (point, mode, files, acknowledged) in enumerate(disks):
            with self.subTest(point=point, mode=mode, acknowledged=acknowledged[-1:]):
                self.check(Node(self.folder, f"disk-{number}"), files, acknowledged)
        self.assertGreater(len(disks), 80)

    def check(self, node, files, acknowledged):
        os.mkdir(node.state, 0o700)
        for name, content in files.items():
            with open(os.open(os.path.join(node.state, name), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(content)
        self.nodes.append(node)
        try:
            if "key" not in files:
                self.assertNotIn("init", acknowledged)
                node.json("init", "--name", "office")  # nothing half made is in the way
            node.start()
            self.holds(node, acknowledged)
        finally:
            node.kill()
            self.nodes.remove(node)
            shutil.rmtree(node.state)

    def holds(self, node, acknowledged):
        devices = {entry["name"]: entry for entry in node.json("devices")}
        laptop = devices.get("laptop") or devices.get("notebook") or {}
        self.assertLessEqual(len(devices), 2)
        if "exposed" in acknowledged:
            self.assertEqual([service["name"] for service in node.json("services")], ["echo"])
        if "paired-laptop" in acknowledged:
            self.assertEqual(laptop.get("state"), "offline")
            self.assertIn("echo", laptop["grants"])
        if "paired-phone" in acknowledged:
            self.assertIn("phone", devices)
        if "allowed" in acknowledged:
            self.assertIn("files", laptop["grants"])
        if "revoked" in acknowledged:
            self.assertEqual(devices["phone"]["state"], "revoked")
        if "relay" in acknowledged:
            self.assertEqual(len(node.json("relay", "list")), 1)
        if "renamed" in acknowledged:
            self.assertIn("notebook", devices)
        verified = node.json("audit", "verify")
        self.assertTrue(verified["ok"], verified)
        if "pruned" in acknowledged:
            self.assertIsNotNone(verified["checkpoint"])
        self.assertEqual([warning["code"] for warning in node.json("status")["warnings"]], [])


if __name__ == "__main__":
    unittest.main()
