"""The built-in folder service through the bridge and the gateway, as a browser sees it."""

import hashlib
import json
import os
import unittest
import urllib.request

from bridge import BridgeTest, eventually, pair
from browser import Browser, url_of

SIZE = 200 * 1000 * 1000
PIECE = 32 * 1024 * 1024


class Folder(BridgeTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("shared"))
        with open(self.path("shared", "note.txt"), "w") as file:
            file.write("kept at the office")
        self.office.json("expose", "files", "folder:" + self.path("shared"))
        pair(self.office, self.laptop, "--allow", "files")

    def browser(self):
        return Browser(url_of(self.laptop, "files"))

    def test_a_folder_is_browsed_and_downloaded_from(self):
        host, port = self.laptop.address_of("files")
        with urllib.request.urlopen(f"http://{host}:{port}/", timeout=60) as page:
            self.assertIn("note.txt", page.read().decode())
        with urllib.request.urlopen(f"http://{host}:{port}/note.txt", timeout=60) as file:
            self.assertEqual(file.read(), b"kept at the office")

    def test_each_service_has_an_address_of_its_own_in_the_browser(self):
        browser = self.browser()
        self.assertRegex(browser.host, r"^files\.office\.localhost:\d+$")
        status, headers, body = browser.ask("GET", "/", headers={"Accept": "text/html"})
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (200, None))
        self.assertIn(b"note.txt", body)
        self.assertEqual(browser.ask("GET", "/note.txt", headers={"Range": "bytes=5-6"})[2], b"at")
        self.assertEqual(browser.ask("GET", "/", headers={"Host": browser.host.replace("files", "other")})[0], 421)
        self.assertEqual(browser.ask("DELETE", "/note.txt", headers={"Origin": "http://evil.example"})[0], 403)
        self.assertTrue(os.path.exists(self.path("shared", "note.txt")))

    def test_a_large_file_goes_up_and_comes_back_byte_for_byte(self):
        browser, content = self.browser(), os.urandom(SIZE)
        status, headers, _ = browser.ask("PUT", "/large.bin", body=content)
        self.assertEqual((status, headers["Location"]), (201, "/large.bin"))
        self.assertEqual(browser.ask("GET", "/large.bin")[2], content)

    def test_an_upload_goes_on_after_the_laptop_was_killed(self):
        content = os.urandom(SIZE)
        order = {"Upload-Id": os.urandom(16).hex(), "Upload-Length": str(SIZE)}
        browser = self.browser()
        self.assertEqual(browser.ask("PUT", "/large.bin", content[:PIECE], {**order, "Upload-Offset": "0"})[0], 202)
        cut = browser.raw((f"PUT /large.bin HTTP/1.1\r\nHost: {browser.host}\r\nUpload-Id: {order['Upload-Id']}\r\nUpload-Length: {SIZE}\r\n"
                           f"Upload-Offset: {PIECE}\r\nContent-Length: {SIZE - PIECE}\r\n\r\n").encode() + content[PIECE:PIECE + 3_000_000])
        hidden = self.path("shared", ".drawbridge-upload-" + order["Upload-Id"])
        eventually(lambda: os.path.getsize(hidden) > PIECE, 60, "a part of the second piece is there")
        self.laptop.kill()
        cut.close()
        self.assertFalse(os.path.exists(self.path("shared", "large.bin")))
        self.laptop.start()
        self.laptop.connected_to("office")
        browser = self.browser()
        have = int(browser.ask("HEAD", "/large.bin", headers=order)[1]["Upload-Offset"])
        self.assertGreaterEqual(have, PIECE)
        self.assertEqual(browser.ask("PUT", "/large.bin", content[have:], {**order, "Upload-Offset": str(have)})[0], 201)
        with open(self.path("shared", "large.bin"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).digest(), hashlib.sha256(content).digest())
        self.assertEqual(sorted(os.listdir(self.path("shared"))), ["large.bin", "note.txt"])

    def test_a_folder_that_is_gone_is_said_on_the_page(self):
        browser = self.browser()
        os.rename(self.path("shared"), self.path("moved"))
        status, _, body = browser.ask("GET", "/", headers={"Accept": "text/html"})
        self.assertEqual(status, 404)
        self.assertNotIn(self.folder.encode(), body)
        os.rename(self.path("moved"), self.path("shared"))
        self.assertEqual(browser.ask("GET", "/")[0], 200)


if __name__ == "__main__":
    unittest.main()
