"""nginx through the bridge: a gibibyte, whole and in ranges, byte for byte."""

import hashlib
import os
import random
import subprocess
import unittest

from bridge import BridgeTest, pair
from servers import Nginx

SIZE = 1 << 30
BLOCK = 1 << 20


class Download(BridgeTest):
    def setUp(self):
        super().setUp()
        folder = self.path("www")
        os.mkdir(folder)
        self.file = os.path.join(folder, "large.bin")
        self.digest = self.write_large_file()
        nginx = Nginx(self, folder)
        self.office.json("expose", "www", f"127.0.0.1:{nginx.port}")
        pair(self.office, self.laptop, "--allow", "www")
        host, port = self.laptop.address_of("www")
        self.url = f"http://{host}:{port}/large.bin"

    def write_large_file(self):
        """Incompressible and nowhere repeated, but quick to make."""
        digest, block = hashlib.sha256(), bytearray(os.urandom(BLOCK))
        with open(self.file, "wb") as file:
            for number in range(SIZE // BLOCK):
                block[:8] = number.to_bytes(8, "big")
                file.write(block)
                digest.update(block)
        return digest.hexdigest()

    def fetch(self, *arguments):
        process = subprocess.Popen(["curl", "--silent", "--fail", "--show-error", *arguments, self.url], stdout=subprocess.PIPE)
        digest, length = hashlib.sha256(), 0
        while piece := process.stdout.read(BLOCK):
            digest.update(piece)
            length += len(piece)
        process.stdout.close()
        self.assertEqual(process.wait(60), 0)
        return digest.hexdigest(), length

    def slice(self, first, last):
        with open(self.file, "rb") as file:
            file.seek(first)
            return hashlib.sha256(file.read(last - first + 1)).hexdigest(), last - first + 1

    def test_a_gibibyte_arrives_whole(self):
        self.assertEqual(self.fetch(), (self.digest, SIZE))

    def test_ranges_are_exactly_what_was_asked_for(self):
        chance = random.Random(7470)
        for _ in range(12):
            first = chance.randrange(SIZE - 1)
            last = min(SIZE - 1, first + chance.randrange(1, 8 * BLOCK))
            self.assertEqual(self.fetch("--range", f"{first}-{last}"), self.slice(first, last))


if __name__ == "__main__":
    unittest.main()
