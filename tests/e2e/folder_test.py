"""The built-in folder service, as a browser sees it."""

import os
import unittest
import urllib.request

from bridge import BridgeTest, pair


class Folder(BridgeTest):
    def test_a_folder_is_browsed_and_downloaded_from(self):
        os.mkdir(self.path("shared"))
        with open(self.path("shared", "note.txt"), "w") as file:
            file.write("kept at the office")
        self.office.json("expose", "files", "folder:" + self.path("shared"))
        pair(self.office, self.laptop, "--allow", "files")
        host, port = self.laptop.address_of("files")
        with urllib.request.urlopen(f"http://{host}:{port}/", timeout=20) as page:
            self.assertIn("note.txt", page.read().decode())
        with urllib.request.urlopen(f"http://{host}:{port}/note.txt", timeout=20) as file:
            self.assertEqual(file.read(), b"kept at the office")


if __name__ == "__main__":
    unittest.main()
