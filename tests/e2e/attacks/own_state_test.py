"""The office's own state as a service: its key and its control socket come to no device, whoever exposes them."""

import os
import subprocess
import unittest
from urllib.parse import urlsplit

from bridge import BridgeTest, pair


class OwnState(BridgeTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("shared"))
        os.symlink(self.path("shared"), self.path("link"))
        self.office.json("expose", "files", "folder:" + self.path("link"))
        pair(self.office, self.laptop, "--allow", "*")

    def fetch(self, path):
        """What a browser on the laptop gets: the status, and the bytes."""
        url = urlsplit(self.laptop.json("open", "files")["url"])
        done = subprocess.run(["curl", "-sS", "--resolve", f"{url.hostname}:{url.port}:127.0.0.1", "-w", "%{http_code}",
                               f"http://{url.netloc}{path}"], capture_output=True, timeout=60)
        return int(done.stdout[-3:]), done.stdout[:-3]

    def test_a_folder_that_holds_the_key_and_the_control_socket_are_not_exposed(self):
        for target in ("folder:" + self.office.state, "folder:" + self.folder, "folder:ro:" + self.folder, "folder:/",
                       "unix:" + os.path.join(self.office.state, "control.sock")):
            with self.subTest(target=target):
                refused = self.office.refused("expose", "state", target)
                self.assertEqual(refused["code"], "not_allowed")
                self.assertTrue(refused["remedy"])
        self.assertEqual([service["name"] for service in self.office.json("services")], ["files"])

    def test_one_that_came_to_hold_it_later_is_not_served(self):
        os.remove(self.path("link"))
        os.symlink(self.folder, self.path("link"))
        status, body = self.fetch("/office/key")
        self.assertEqual(status, 403)
        self.assertIn(b"own key lies in this folder", body)
        self.assertEqual(self.fetch("/")[0], 403)
        os.remove(self.path("link"))
        os.symlink(self.path("shared"), self.path("link"))
        self.assertEqual(self.fetch("/")[0], 200)


if __name__ == "__main__":
    unittest.main()
