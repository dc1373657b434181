"""The power fails between any two writes of an office's life: what was acknowledged is there, the trail is whole, it starts.

An office lives with every write to its state recorded (crash/record_writes.c). Then the disk is made as it may have been at
each moment: all writes there (kill -9), those that no fsync has secured gone (a power cut), or any of them, in part, too (a
disk that reorders). On each of these disks that differs from the others the daemon is started and asked.
"""

import json
import shutil
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, Node, eventually, pair
from power_cuts import RecordedNode, disks_of, put_files

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

    def test_on_every_disk_that_a_power_cut_may_leave_all_that_was_acknowledged_is_there(self):
        self.live()
        disks = list(disks_of(self.office.trace))
        for number, (point, mode, files, acknowledged) in enumerate(disks):
            with self.subTest(point=point, mode=mode, acknowledged=acknowledged[-1:]):
                self.check(Node(self.folder, f"disk-{number}"), files, acknowledged)
        self.assertGreater(len(disks), 80)

    def check(self, node, files, acknowledged):
        put_files(node, files)
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
