"""Names that are meant to confuse: refused in words, or shown so that they can harm no terminal, table or page."""

import json
import os
import socket
import unittest

from bridge import BridgeTest, pair

REFUSED = ("", "two\nlines", "tab\there", "bell\x07", "\x1b[2J", "x" * 65, "é" * 33, "\x7f")
ALLOWED = ("..", "../../etc/passwd", "'; DROP TABLE rows; --", "<script>alert(1)</script>", "=1+1", "x" * 64, "Zoë 😀", "%s%n")


class Names(BridgeTest):
    def test_names_of_devices_are_plain_text(self):
        device = pair(self.office, self.laptop)
        for name in REFUSED:
            with self.subTest(name=name):
                self.assertIn(self.office.refused("rename", device["id"], name)["exit"], (1, 2))
        for name in ALLOWED:
            with self.subTest(name=name):
                self.assertEqual(self.office.json("rename", device["id"], name)["name"], name)
                self.assertIn(name, [entry["name"] for entry in self.office.json("devices")])
                self.office.run("status")
        self.office.stop()
        self.office.start()
        self.assertEqual(self.office.json("devices")[0]["name"], ALLOWED[-1])
        self.assertTrue(self.office.json("audit", "verify")["ok"])
        for line in self.office.run("audit", "show", "--json").splitlines():
            json.loads(line)

    def test_a_computer_is_given_no_name_that_others_would_refuse(self):
        fresh = self.node("fresh")
        for name in ("two\nlines", "bell\x07", "x" * 65, "\u202egnp.exe", "next\u0085line", "line\u2028line"):
            with self.subTest(name=name):
                self.assertEqual(fresh.refused("init", "--name", name)["exit"], 1)
        fresh.init()

    def test_an_office_whose_name_was_damaged_is_called_as_its_computer_says_so_and_pairs(self):
        for number, name in enumerate((b"\xc9tude\n", b"a\x1b[2Jb\n", b"x" * 1_000_000, b"a\0b\n")):
            with self.subTest(name=name[:8]):
                self.office.stop()
                with open(os.path.join(self.office.state, "name"), "wb") as file:
                    file.write(name)
                self.office.start()
                self.assertEqual(self.office.json("status")["node"]["name"], socket.gethostname())
                with open(self.office.log) as log:
                    self.assertEqual(log.read().count("holds no name that can be used"), number + 1)
                device = self.node(f"device-{number}")
                device.init()
                device.start()
                self.assertEqual(pair(self.office, device)["name"], device.name)
        self.office.stop()
        with open(os.path.join(self.office.state, "name"), "wb") as file:
            file.write("Étude\r\n".encode())
        self.office.start()
        self.assertEqual(self.office.json("status")["node"]["name"], "Étude")

    def test_names_of_services_are_narrow(self):
        for name in (*REFUSED, "..", "a/b", "a.b", "UPPER", "-a", "a-", "é", "*", "a b", "x" * 33, "x" * 255):
            with self.subTest(name=name):
                self.assertIn(self.office.refused("expose", name, "127.0.0.1:1")["exit"], (1, 2))
        self.assertEqual(self.office.json("services"), [])

    def test_an_invitation_and_a_reason_hold_no_control_characters_or_end_in_the_middle_of_one(self):
        for name in ("two\nlines", "\x1b]0;title\x07", "x" * 65):
            with self.subTest(name=name):
                self.assertEqual(self.office.refused("pair", "--name", name)["exit"], 1)
        device = pair(self.office, self.laptop)
        self.office.json("revoke", device["id"], "--reason", "é" * 300 + "\x1b[2J")
        self.assertNotIn("\x1b", self.office.run("audit", "show"))
        self.assertTrue(self.office.json("audit", "verify")["ok"])


if __name__ == "__main__":
    unittest.main()
