"""Restarts and power cuts of either side: back by themselves, with nothing lost that was acknowledged."""

import os
import signal
import socket
import threading
import unittest

from bridge import BridgeTest, eventually, monotonic, pair
from servers import Echo, ends, exchange

# Seconds. It takes a tenth of one; who waits for the next of the regular attempts takes longer than this.
SOON = 20


class Restarts(BridgeTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")
        # A fixed port: after a restart the office must be where the laptop looks for it.
        port = self.office.json("status")["node"]["listen"][0].rsplit(":", 1)[1]
        self.office.listen = f"127.0.0.1:{port}"
        pair(self.office, self.laptop, "--allow", "echo")
        self.address = self.laptop.address_of("echo")

    def works_again(self):
        started = monotonic()

        def through():
            try:
                return exchange(self.address, b"again") == b"again"
            except OSError:
                return False
        eventually(through, 60, "a new connection works")
        return monotonic() - started

    def test_the_office_stops_and_starts_again(self):
        self.assertEqual(self.office.stop(), 0)
        self.office.start()
        self.assertLess(self.works_again(), SOON)

    def test_the_laptop_stops_and_starts_again_at_the_same_address(self):
        self.assertEqual(self.laptop.stop(), 0)
        self.laptop.start()
        self.assertEqual(self.laptop.address_of("echo"), self.address)
        self.assertLess(self.works_again(), SOON)

    def test_the_office_loses_power_five_times(self):
        for _ in range(5):
            self.office.kill()
            self.office.start()
            self.assertLess(self.works_again(), SOON)

    def test_the_laptop_loses_power_five_times(self):
        for _ in range(5):
            self.laptop.kill()
            self.laptop.start()
            self.assertLess(self.works_again(), SOON)

    def test_connections_that_were_open_end_with_the_restart_and_do_not_hang(self):
        with socket.create_connection(self.address, 60) as held:
            held.sendall(b"x")
            self.assertEqual(held.recv(1), b"x")
            self.office.kill()
            self.office.start()
            self.assertTrue(ends(held))

    def test_an_open_connection_survives_when_the_laptop_is_suspended(self):
        with socket.create_connection(self.address, 60) as held:
            held.sendall(b"before")
            self.assertEqual(held.recv(6), b"before")
            self.laptop.signal(signal.SIGSTOP)
            held.sendall(b"while away")
            eventually(lambda: self.office.peer("laptop")["state"] != "connected", 60, "the office notices")
            self.laptop.signal(signal.SIGCONT)
            held.settimeout(60)
            self.assertEqual(held.recv(10), b"while away")

    def test_what_was_acknowledged_is_there_after_a_power_cut(self):
        for number in range(5):
            name = f"service-{number}"
            self.office.json("expose", name, "127.0.0.1:1")
            self.office.kill()
            self.office.start()
            self.assertIn(name, [service["name"] for service in self.office.json("services")])
        self.assertTrue(self.office.json("audit", "verify")["ok"])


class PowerCutWhilePairing(BridgeTest):
    def test_a_laptop_cut_off_while_joining_can_join_again_with_the_same_code(self):
        link = self.office.run("pair", "--link-only", "--name", "laptop").strip()

        def join():
            try:
                self.laptop.json("join", link)
            except Exception:
                pass  # cut off: that is the point
        joining = threading.Thread(target=join)
        joining.start()
        eventually(lambda: os.path.exists(self.laptop.state), 60, "it runs")
        self.laptop.kill()
        joining.join()
        self.laptop.start()
        if not self.laptop.peer("office"):
            self.laptop.json("join", link)
        self.laptop.connected_to("office")
        self.assertEqual(len(self.office.json("devices")), 1)


if __name__ == "__main__":
    unittest.main()
