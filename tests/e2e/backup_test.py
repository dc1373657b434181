"""The office burns down: words and a backup bring it back, and its laptop with it."""

import os
import unittest

from bridge import BridgeTest, pair
from servers import Echo, exchange


class Restore(BridgeTest):
    start_them = False

    def setUp(self):
        super().setUp()
        self.words = " ".join(self.office.init()["words"])
        self.laptop.init()
        self.office.start()
        self.laptop.start()
        port = self.office.json("status")["node"]["listen"][0].rsplit(":", 1)[1]
        self.office.listen = f"127.0.0.1:{port}"
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        self.address = self.laptop.address_of("echo")
        self.file = self.path("office.backup")

    def rebuild(self):
        """The same identity from its words, on an empty state."""
        self.office.kill()
        os.rename(self.office.state, self.office.state + ".burnt")
        restored = self.office.init("--restore", input=self.words)
        self.office.start()
        return restored

    def test_words_and_backup_bring_back_devices_services_and_the_connection(self):
        written = self.office.json("backup", self.file)
        self.assertEqual(written["bytes"], os.path.getsize(self.file))
        identity = self.office.json("status")["node"]["id"]
        self.assertEqual(self.rebuild()["id"], identity)
        self.assertEqual(self.office.json("devices"), [])
        counts = self.office.json("restore", self.file)
        self.assertEqual((counts["devices"], counts["services"]), (1, 1))
        self.laptop.connected_to("office")
        self.assertEqual(exchange(self.address, b"back"), b"back")

    def test_a_revocation_after_the_backup_is_not_undone_by_it(self):
        self.office.json("backup", self.file)
        self.office.json("revoke", "laptop")
        self.office.json("restore", self.file)
        self.assertEqual(self.office.json("devices")[0]["state"], "revoked")

    def test_a_foreign_damaged_or_absent_backup_is_refused_and_changes_nothing(self):
        self.laptop.json("backup", self.file)
        self.assertEqual(self.office.refused("restore", self.file)["code"], "authentication")
        with open(self.file, "rb") as file:
            content = bytearray(file.read())
        content[len(content) // 2] ^= 1
        with open(self.file, "wb") as file:
            file.write(content)
        self.assertIn(self.laptop.refused("restore", self.file)["code"], ("malformed", "authentication"))
        with open(self.file, "wb") as file:
            file.write(b"no backup")
        self.assertEqual(self.office.refused("restore", self.file)["code"], "malformed")
        self.assertEqual(self.office.refused("restore", self.path("absent"))["code"], "not_found")
        self.assertEqual(self.office.json("devices")[0]["state"], "connected")


if __name__ == "__main__":
    unittest.main()
