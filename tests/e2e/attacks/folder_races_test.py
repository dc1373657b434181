"""What a path leads to changes while a device asks for it: nothing outside of the folder is read or changed, no file is mixed."""

import ctypes
import http.client
import os
import threading
import unittest

from bridge import BridgeTest, eventually, pair

SECRET = b"nobody shared this"
SWAP = 2  # renameat2(2): RENAME_EXCHANGE
ROUNDS = 100
libc = ctypes.CDLL(None, use_errno=True)


def swap(one, other):
    if libc.renameat2(-100, one.encode(), -100, other.encode(), SWAP) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


class Swapper(threading.Thread):
    """Exchanges two names, over and over, until it is stopped."""

    def __init__(self, one, other):
        super().__init__(daemon=True)
        self.names, self.over, self.swaps = (one, other), threading.Event(), 0
        self.start()

    def run(self):
        while not self.over.is_set():
            swap(*self.names)
            self.swaps += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


class FolderRaces(BridgeTest):
    start_them = False

    def serve(self, *options):
        """The sandbox is a second wall: without it what the folder's own code does is what counts."""
        for node in (self.office, self.laptop):
            node.init()
        self.office.start(*options)
        self.laptop.start()
        self.share, self.outside = self.path("share"), self.path("outside")
        for folder in (self.share, self.outside, os.path.join(self.share, "place")):
            os.mkdir(folder)
        self.put(os.path.join(self.outside, "letter"), SECRET)
        os.symlink("../outside", os.path.join(self.share, "link"))
        self.office.json("expose", "files", "folder:" + self.share)
        pair(self.office, self.laptop, "--allow", "files")
        self.connection = http.client.HTTPConnection(*self.laptop.address_of("files"), timeout=60)
        self.addCleanup(self.connection.close)

    @staticmethod
    def put(path, content):
        with open(path, "wb") as file:
            file.write(content)

    def ask(self, method, path, body=None, **headers):
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def swapped_under_every_request(self):
        place = os.path.join(self.share, "place")
        self.put(os.path.join(place, "letter"), b"shared")
        seen = set()
        with Swapper(place, os.path.join(self.share, "link")) as swapper:
            for number in range(ROUNDS):
                for method, path, body, headers in (
                        ("GET", "/place/letter", None, {}), ("PROPFIND", "/place/", None, {"Depth": "1"}),
                        ("PUT", f"/place/new{number}", b"x", {}), ("MKCOL", f"/place/folder{number}", None, {}),
                        ("MOVE", f"/place/new{number}", None, {"Destination": f"/place/moved{number}"}),
                        ("COPY", "/place/letter", None, {"Destination": f"/copy{number}"}), ("DELETE", f"/place/moved{number}", None, {}),
                        ("DELETE", "/place/letter", None, {}), ("PUT", "/place/letter", b"shared", {})):
                    status, answer = self.ask(method, path, body, **headers)
                    self.assertNotIn(SECRET, answer, (method, path))
                    self.assertLess(status, 500, (method, path, answer))
                    seen.add((method, status // 100))
            eventually(lambda: swapper.swaps > ROUNDS, 60, "it was swapped under them")
        self.assertIn(("GET", 2), seen)  # it met the folder,
        self.assertIn(("GET", 4), seen)  # and the link
        self.assertEqual(os.listdir(self.outside), ["letter"])
        with open(os.path.join(self.outside, "letter"), "rb") as file:
            self.assertEqual(file.read(), SECRET)
        for folder, _, names in os.walk(self.share):
            for name in names:
                if not os.path.islink(os.path.join(folder, name)):
                    with open(os.path.join(folder, name), "rb") as file:
                        self.assertNotEqual(file.read(), SECRET, name)

    def test_a_folder_swapped_for_a_link_that_leads_out_lets_nothing_out_or_in(self):
        self.serve()
        self.swapped_under_every_request()

    def test_the_same_holds_without_the_sandbox(self):
        self.serve("--no-sandbox")
        self.swapped_under_every_request()

    def test_a_file_that_is_replaced_while_it_is_read_is_one_version_or_the_other(self):
        self.serve()
        versions = [letter * (1 << 20) for letter in (b"a", b"b")]
        names = [os.path.join(self.share, name) for name in ("letter", "draft")]
        for name, version in zip(names, versions):
            self.put(name, version)
        seen = set()
        with Swapper(*names):
            def both():
                status, answer = self.ask("GET", "/letter")
                self.assertEqual(status, 200)
                self.assertIn(answer, versions)
                seen.add(answer[:1])
                return len(seen) == 2
            eventually(both, 60, "both versions were read")


if __name__ == "__main__":
    unittest.main()
