"""Pairing by a short code, said on the telephone: both computers know a relay and have no link."""

import re
import subprocess
import unittest

from bridge import CLI, BridgeTest
from relay_test import RelayProcess


class ShortCode(BridgeTest):
    def setUp(self):
        super().setUp()
        self.relay = RelayProcess(self.folder).start("--listen", "127.0.0.1:0")
        self.addCleanup(self.relay.stop)

    def know_the_relay(self):
        for node in (self.office, self.laptop):
            node.run("relay", "add", self.relay.urls[0])

    def show(self):
        created = self.office.json("pair", "--code")
        self.assertRegex(created["code"], r"^\d{1,3}-[a-z]+-[a-z]+$")
        return created["code"]

    def test_a_laptop_joins_by_the_words_however_they_are_typed(self):
        self.know_the_relay()
        number, first, second = self.show().split("-")
        joined = self.laptop.json("join", f"{first.upper()} {second.capitalize()} {number}")
        self.assertEqual(joined["office"]["name"], "office")
        self.assertEqual([device["name"] for device in self.office.json("devices")], ["laptop"])

    def test_wrong_words_are_refused_and_said_at_the_office_and_three_end_the_code(self):
        self.know_the_relay()
        waiting = subprocess.Popen([CLI, "--state", self.office.state, "pair", "--code"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(waiting.kill)
        number = re.search(r"join (\d+)-", waiting.stdout.readline()).group(1)
        for left in (2, 1, 0):
            refused = self.laptop.refused("join", f"{number}-zone-zero")
            self.assertEqual(refused["code"], "authentication", refused)
        out, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 1)
        self.assertIn("one try is left", err + out)
        self.assertIn("the code is dead", err)
        self.assertEqual(self.office.json("devices"), [])
        records = self.office.run("audit", "show", "--json")
        self.assertEqual(records.count("wrong words for a short code"), 3)

    def test_without_a_relay_both_ends_say_what_is_missing(self):
        self.assertIn("relay add", self.office.refused("pair", "--code")["remedy"])
        self.assertIn("relay add", self.laptop.refused("join", "7-forest-lamp")["remedy"])
        self.assertIn("forest", self.laptop.refused("join", "7-forset-lamp")["remedy"])


if __name__ == "__main__":
    unittest.main()
