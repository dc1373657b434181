"""The system gives no more memory: the daemon says so and ends, or does without a thread; nothing acknowledged is lost."""

import os
import re
import socket
import subprocess
import unittest
import urllib.request

from bridge import BridgeTest, eventually, pair
from servers import Echo, exchange

LETTER = b"kept at the office"


class Memory(BridgeTest):
    def setUp(self):
        super().setUp()
        self.sink = socket.create_server(("127.0.0.1", 0), backlog=400)
        self.addCleanup(self.sink.close)
        os.mkdir(self.path("shared"))
        with open(self.path("shared", "letter.txt"), "wb") as file:
            file.write(LETTER)
        self.office.json("expose", "echo", f"127.0.0.1:{Echo().port}")
        self.office.json("expose", "sink", f"127.0.0.1:{self.sink.getsockname()[1]}")
        self.office.json("expose", "files", "folder:" + self.path("shared"))
        pair(self.office, self.laptop, "--allow", "echo,sink,files")
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"before"), b"before")

    def limit(self, node, more):
        """What the node's daemon may have from now on: what it has, and so many bytes more; None: without a limit."""
        with open(f"/proc/{node.process.pid}/status") as status:
            now = int(re.search(r"VmSize:\s+(\d+) kB", status.read())[1]) * 1024
        most = "unlimited" if more is None else str(now + more)
        subprocess.run(["prlimit", "--pid", str(node.process.pid), f"--as={most}:unlimited"], check=True)

    def crowd(self):
        """Connections that nobody reads at the other end, each with as much as it takes."""
        address, held = self.laptop.address_of("sink"), []
        for _ in range(300):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(address)
            held.append(connection)
            self.addCleanup(connection.close)
        return held

    def fill(self, held):
        for connection in held:
            try:
                connection.send(bytes(1 << 20))
            except OSError:
                pass  # not yet connected, full, or reset

    def runs_out(self, node):
        self.office.json("allow", "laptop", "echo", "--until", "2999-01-01")  # acknowledged before the end
        self.limit(node, 3 << 20)
        held = self.crowd()

        def ended():
            self.fill(held)
            return node.process.poll() is not None
        eventually(ended, 120, "the memory is not enough")
        self.assertEqual(node.process.returncode, 1)
        with open(node.log) as log:
            self.assertIn("There is no memory left", log.read())
        for connection in held:
            connection.close()
        node.start()
        self.laptop.connected_to("office")
        [device] = self.office.json("devices")
        self.assertTrue(device["until"].startswith("2999") or device["until"].startswith("2998"), device)
        self.assertTrue(self.office.json("audit", "verify")["ok"])
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"after"), b"after")

    def test_an_office_without_memory_ends_in_words_and_comes_back_with_all_it_had(self):
        self.runs_out(self.office)

    def test_a_device_without_memory_ends_in_words_and_comes_back_with_all_it_had(self):
        self.runs_out(self.laptop)

    def test_an_office_that_gets_no_thread_for_a_folder_serves_all_else_and_the_folder_later(self):
        address = "http://%s:%d/letter.txt" % self.laptop.address_of("files")
        self.limit(self.office, 3 << 20)  # less than a thread's stack
        with self.assertRaises(OSError):
            urllib.request.urlopen(address, timeout=60)
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"meanwhile"), b"meanwhile")
        with open(self.office.log) as log:
            self.assertIn("The folder cannot be served", log.read())
        self.limit(self.office, None)
        with urllib.request.urlopen(address, timeout=60) as answer:
            self.assertEqual(answer.read(), LETTER)


if __name__ == "__main__":
    unittest.main()
