"""Strangers flood the office's port with garbage and with first handshake packets while a download goes on.

What it costs the download is measured by tests/bench/disturbed.py."""

import hashlib
import os
import socket
import subprocess
import threading
import unittest

from bridge import BUILD, BridgeTest, eventually, pair

FLOOD = os.path.join(BUILD, "tests", "bench", "flood")
PIECE = os.urandom(1 << 20)
PIECES = 48


class Source(threading.Thread):
    """Sends the same bytes to whoever connects."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            with client:
                for _ in range(PIECES):
                    client.sendall(PIECE)


def arrived():
    """Datagrams that this computer's programs have received."""
    with open("/proc/net/snmp") as counters:
        names, values = (line.split() for line in counters if line.startswith("Udp:"))
    return int(values[names.index("InDatagrams")])


class Flood(BridgeTest):
    def setUp(self):
        super().setUp()
        self.office.json("expose", "source", Source().target)
        pair(self.office, self.laptop, "--allow", "source")
        self.address = self.laptop.address_of("source")
        self.sent = hashlib.sha256(PIECE * PIECES).hexdigest()

    def download(self):
        received = hashlib.sha256()
        with socket.create_connection(self.address, 60) as connection:
            while piece := connection.recv(1 << 18):
                received.update(piece)
        return received.hexdigest()

    def flood(self, per_second, kind):
        port = self.office.json("status")["node"]["listen"][0].rsplit(":", 1)[1]
        before = arrived()
        process = subprocess.Popen([FLOOD, "127.0.0.1", port, str(per_second), "600", kind], stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        eventually(lambda: arrived() > before + 10_000, 60, "the flood arrives")
        return process

    def come_back(self):
        """From another port, as somebody of whom the office knows nothing."""
        self.laptop.kill()
        self.laptop.start()
        self.laptop.connected_to("office", 120)

    def test_a_download_arrives_whole_under_a_hundred_thousand_packets_of_garbage_a_second(self):
        flood = self.flood(100_000, "garbage")
        self.assertEqual(self.download(), self.sent)
        self.come_back()
        self.assertIsNone(flood.poll(), "it went on all the time")
        self.assertEqual(self.office.json("devices")[0]["state"], "connected")
        self.assertEqual(self.office.json("devices")[0]["last_refusal"], None)

    def test_ten_thousand_first_packets_a_second_neither_spoil_a_download_nor_keep_a_device_from_coming_back(self):
        flood = self.flood(10_000, "handshakes")
        self.assertEqual(self.download(), self.sent)
        self.come_back()
        self.assertEqual(self.download(), self.sent)
        self.assertIsNone(flood.poll(), "it went on all the time")
        self.assertTrue(self.office.json("audit", "verify")["ok"])


if __name__ == "__main__":
    unittest.main()
