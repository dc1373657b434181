"""A full disk at the office: each change is refused and said so, nothing changes, and with room again all goes on. Needs root."""

import os
import shutil
import subprocess
import unittest

from bridge import BridgeTest, Node, eventually, pair
from servers import Echo, exchange


@unittest.skipUnless(os.geteuid() == 0, "needs root, to mount a small disk")
class FullDisk(BridgeTest):
    start_them = False

    def setUp(self):
        super().setUp()
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", self.disk], check=True)
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
        with open(os.path.join(self.disk, "filler"), "wb", buffering=0) as filler:
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


if __name__ == "__main__":
    unittest.main()
