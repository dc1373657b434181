"""A full disk at the office: each change is refused and said so, nothing changes, and with room again all goes on. Needs root."""

import json
import os
import shutil
import subprocess
import unittest

from bridge import BridgeTest, Node, eventually, pair
from servers import Echo, exchange


@unittest.skipUnless(os.geteuid() == 0, "needs root, to mount a small disk")
class OnASmallDisk(BridgeTest):
    start_them = False
    size = "4m"  # too small for a reserve

    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.disk], check=True)
        self.addCleanup(lambda: shutil.rmtree(self.folder, ignore_errors=True))
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.disk], check=True))
        self.office = Node(self.disk, "office")
        self.nodes[0] = self.office
        for node in self.nodes:
            node.init()
            node.start()
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        self.address = self.laptop.address_of("echo")

    def fill(self):
        with open(os.path.join(self.disk, "filler"), "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass

    def make_room(self):
        os.remove(os.path.join(self.disk, "filler"))

    def known(self):
        """What the office says of itself, but for what changes by the minute."""
        device, = self.office.json("devices")
        services = {service["name"]: service["target"] for service in self.office.json("services")}
        return device["name"], device["grants"], device["grants_until"], device["state"], services, self.office.json("status")["invitations"]


class FullDisk(OnASmallDisk):
    def test_every_change_is_refused_and_undone_and_works_with_room_again(self):
        changes = (("expose", "other", "127.0.0.1:1"), ("unexpose", "echo"), ("allow", "laptop", "other"), ("deny", "laptop", "echo"),
                   ("rename", "laptop", "notebook"), ("pair", "--name", "phone"))
        before = self.known()
        self.fill()
        for change in changes:
            with self.subTest(change=change):
                refused = self.office.refused(*change)
                self.assertEqual(refused["exit"], 1)
                self.assertTrue(refused["message"] and refused["remedy"], refused)
                self.assertEqual(self.known(), before)
        self.make_room()

        def works():
            try:
                return self.office.json("rename", "laptop", "notebook")["name"] == "notebook"
            except Exception:  # the disk is tried again after a moment
                return False
        eventually(works, 60, "changes are taken again")
        self.office.stop()
        self.office.start()
        self.assertEqual(self.office.json("devices")[0]["name"], "notebook")
        self.office.connected_to("notebook")
        self.assertEqual(exchange(self.address, b"still here"), b"still here")
        self.assertTrue(self.office.json("audit", "verify")["ok"])


class Reserve(OnASmallDisk):
    size = "16m"

    def warnings(self):
        return [warning["code"] for warning in self.office.json("status")["warnings"]]

    def test_a_device_is_revoked_on_a_full_disk_and_that_survives_a_power_cut(self):
        self.assertEqual(self.warnings(), [])
        self.fill()
        self.assertEqual(self.office.refused("allow", "laptop", "other")["exit"], 1)
        self.assertEqual(self.office.json("deny", "laptop", "echo")["grants"], [])
        self.assertEqual(self.warnings(), ["disk_full"])
        self.assertIn("disk is full", self.office.run("status"))
        self.fill()  # whatever fills the disk takes what was given back, too
        self.office.json("revoke", "laptop")
        self.office.kill()
        self.fill()
        self.office.start()
        device, = self.office.json("devices")
        self.assertEqual(device["state"], "revoked")
        self.assertIsNotNone(device["last_seen"])
        verified = self.office.json("audit", "verify")
        self.assertTrue(verified["ok"], verified)
        shown = [json.loads(line)["type"] for line in self.office.run("audit", "show", "--json").splitlines()]
        self.assertIn("revoked", shown)
        self.assertIn("disk_full", self.warnings())
        self.make_room()
        eventually(lambda: self.warnings() == [], 60, "the reserve is made again")
        self.assertEqual(os.path.getsize(os.path.join(self.office.state, "reserve")), 6 * 1024 * 1024)
        pair(self.office, self.fresh("phone"), "--allow", "echo")

    def test_an_office_restarted_on_a_full_disk_lets_its_devices_in_and_can_revoke_them(self):
        self.fill()
        self.office.kill()
        self.fill()
        self.office.start()
        self.fill()
        self.office.connected_to("laptop")
        self.assertEqual(exchange(self.address, b"let in"), b"let in")
        warning, = self.office.json("status")["warnings"]
        self.assertEqual(warning["code"], "disk_full")
        self.assertIn("may not be let in", warning["message"])
        self.assertEqual(self.office.refused("allow", "laptop", "other")["exit"], 1)
        self.assertGreaterEqual(os.path.getsize(os.path.join(self.office.state, "reserve")), 4 * 1024 * 1024)
        self.office.json("revoke", "laptop")
        self.make_room()
        eventually(lambda: self.warnings() == [], 60, "the reserve is made again")
        verified = self.office.json("audit", "verify")
        self.assertTrue(verified["ok"], verified)
        shown = [json.loads(line)["type"] for line in self.office.run("audit", "show", "--json").splitlines()]
        self.assertEqual([kind for kind in ("connected", "flow_opened", "revoked") if kind not in shown], [])

    def fresh(self, name):
        node = self.node(name)
        node.init()
        return node.start()


if __name__ == "__main__":
    unittest.main()
