"""The built-in folder service, as a browser and curl use it through the bridge."""

import hashlib
import os
import subprocess
import unittest

from bridge import BridgeTest, pair


class Folder(BridgeTest):
    def setUp(self):
        super().setUp()
        self.shared = self.path("shared")
        os.makedirs(os.path.join(self.shared, "letters"))
        self.content = os.urandom(3 << 20)
        self.write("letters/été 2024.pdf", self.content)
        self.write("note.txt", b"kept at the office")
        with open(self.path("secret.txt"), "w") as file:
            file.write("not shared")
        os.symlink(self.path("secret.txt"), os.path.join(self.shared, "way-out"))
        self.office.json("expose", "files", "folder:" + self.shared)
        pair(self.office, self.laptop, "--allow", "files")
        host, port = self.laptop.address_of("files")
        self.url = f"http://{host}:{port}"

    def write(self, name, content):
        with open(os.path.join(self.shared, name), "wb") as file:
            file.write(content)

    def curl(self, path, *arguments):
        """(status, body) of one request; the path goes out as it is written."""
        done = subprocess.run(["curl", "--silent", "--show-error", "--path-as-is", "--write-out", "%{stderr}%{http_code}", *arguments, self.url + path],
                              capture_output=True, timeout=60)
        return int(done.stderr[-3:]), done.stdout

    def test_the_page_lists_what_is_there(self):
        status, page = self.curl("/")
        self.assertEqual(status, 200)
        for name in ("letters", "note.txt"):
            self.assertIn(name, page.decode())

    def test_a_file_comes_whole_and_in_ranges_byte_for_byte(self):
        path = "/letters/%C3%A9t%C3%A9%202024.pdf"
        self.assertEqual(self.curl(path), (200, self.content))
        self.assertEqual(self.curl(path, "--range", "1000000-1999999"), (206, self.content[1_000_000:2_000_000]))
        self.assertEqual(self.curl(path, "--range", "-10"), (206, self.content[-10:]))

    def test_a_broken_download_is_resumed(self):
        part = self.path("part")
        with open(part, "wb") as file:
            file.write(self.content[:1_234_567])
        status, _ = self.curl("/letters/%C3%A9t%C3%A9%202024.pdf", "--continue-at", "-", "--output", part)
        self.assertEqual(status, 206)
        with open(part, "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(self.content).digest())

    def test_an_upload_arrives_whole(self):
        source = self.path("scan.bin")
        content = os.urandom(20 << 20)
        with open(source, "wb") as file:
            file.write(content)
        status, _ = self.curl("/letters/scan.bin", "--upload-file", source)
        self.assertIn(status, (200, 201, 204))
        with open(os.path.join(self.shared, "letters", "scan.bin"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(content).digest())

    def test_nothing_outside_the_folder_is_reached(self):
        for path in ("/../secret.txt", "/letters/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/%2e%2e%2fsecret.txt", "/way-out",
                     "//secret.txt", "/letters/..%00/secret.txt", "/..\\secret.txt"):
            with self.subTest(path=path):
                status, body = self.curl(path)
                self.assertIn(status, (400, 403, 404))
                self.assertNotIn(b"not shared", body)

    def test_nothing_outside_the_folder_is_written(self):
        for path in ("/../planted", "/%2e%2e/planted", "/way-out"):
            with self.subTest(path=path):
                self.curl(path, "--upload-file", os.path.join(self.shared, "note.txt"))
        self.assertFalse(os.path.exists(self.path("planted")))
        with open(self.path("secret.txt")) as file:
            self.assertEqual(file.read(), "not shared")


if __name__ == "__main__":
    unittest.main()
