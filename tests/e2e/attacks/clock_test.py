"""A computer whose clock is wrong: at 1970 after its battery died, or set while it runs. Needs libfaketime."""

import glob
import os
import unittest

from bridge import BridgeTest, eventually, pair
from servers import Echo, exchange

LIBRARY = (glob.glob("/usr/lib/*/faketime/libfaketime.so.1") or [""])[0]


@unittest.skipUnless(LIBRARY, "needs the package faketime")
class Clock(BridgeTest):
    start_them = False

    def setUp(self):
        super().setUp()
        self.clocks = {}
        for node in (self.office, self.laptop):
            self.give_clock(node)
            node.init()
        self.echo = Echo()

    def give_clock(self, node):
        """From its next start the daemon reads its clock from a file: what `set_clock` writes."""
        clock, plain = self.path(node.name + ".clock"), node.inside
        self.clocks[node] = clock
        self.set_clock(node, "+0")
        node.inside = lambda arguments: ["env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME_TIMESTAMP_FILE={clock}", "FAKETIME_NO_CACHE=1",
                                         "FAKETIME_DONT_FAKE_MONOTONIC=1", *plain(arguments)] if "drawbridged" in arguments[0] else plain(arguments)

    def set_clock(self, node, what):
        with open(self.clocks[node] + ".new", "w") as file:
            file.write(what + "\n")
        os.rename(self.clocks[node] + ".new", self.clocks[node])

    def start(self):
        for node in (self.office, self.laptop):
            node.start("--no-sandbox")  # the clock is a file elsewhere
        self.office.listen = self.office.json("status")["node"]["listen"][0].removeprefix("udp://")
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")

    def works(self):
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"hello"), b"hello")

    def test_an_office_at_1970_pairs_and_serves_and_goes_on_once_its_clock_is_right(self):
        self.set_clock(self.office, "@1970-01-01 00:00:10")
        self.start()
        pair(self.office, self.laptop, "--allow", "echo")
        self.works()
        self.assertIn("1970-01-01", self.office.run("audit", "show", "--json"))
        self.office.stop()
        self.set_clock(self.office, "+0")
        self.office.start("--no-sandbox")
        self.laptop.connected_to("office")
        self.works()
        self.assertTrue(self.office.json("audit", "verify")["ok"])

    def test_a_device_whose_clock_falls_back_to_1970_is_let_in(self):
        self.start()
        pair(self.office, self.laptop, "--allow", "echo")
        self.laptop.stop()
        self.set_clock(self.laptop, "@1970-01-01 00:00:10")
        self.laptop.start("--no-sandbox")
        self.laptop.connected_to("office")
        self.works()

    def test_clocks_that_jump_both_ways_end_no_connection(self):
        self.start()
        pair(self.office, self.laptop, "--allow", "echo")
        for jump in ("+400d", "-400d", "+0"):
            for node in (self.office, self.laptop):
                with self.subTest(jump=jump, node=node.name):
                    self.set_clock(node, jump)
                    self.works()
                    self.assertEqual(self.laptop.peer("office")["state"], "connected")
        eventually(lambda: self.office.json("audit", "verify")["ok"], 60, "the trail is whole")


if __name__ == "__main__":
    unittest.main()
