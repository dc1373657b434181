"""A lost laptop: revoked at once, for good, and answered with silence."""

import socket
import unittest

from bridge import BridgeTest, eventually, monotonic, pair
from servers import Echo, ends, exchange


class Revocation(BridgeTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")
        self.device = pair(self.office, self.laptop, "--allow", "echo")
        self.address = self.laptop.address_of("echo")

    def test_open_connections_end_when_the_command_returns(self):
        with socket.create_connection(self.address, 60) as held:
            held.sendall(b"x")
            self.assertEqual(held.recv(1), b"x")
            started = monotonic()
            result = self.office.json("revoke", "laptop", "--reason", "lost")
            self.assertLess(monotonic() - started, 10)
            self.assertEqual(result["name"], "laptop")
            self.assertTrue(ends(held))
        self.assertEqual(self.attempt(), b"")

    def attempt(self):
        """What a new connection brings back; nothing if it is refused."""
        try:
            return exchange(self.address, b"more")
        except OSError:
            return b""

    def test_the_laptop_is_told_and_the_office_keeps_the_record(self):
        self.office.json("revoke", "laptop", "--reason", "lost in a train")
        eventually(lambda: (self.laptop.peer("office") or {"state": "revoked"})["state"] == "revoked", 60, "the laptop knows")
        listed = self.office.json("devices")
        self.assertEqual([(entry["name"], entry["state"]) for entry in listed], [("laptop", "revoked")])
        self.assertIsNotNone(listed[0]["revoked_at"])
        self.assertEqual(self.laptop.json("services"), [])

    def test_it_stays_revoked_after_a_power_cut_right_after_the_answer(self):
        self.office.json("revoke", "laptop")
        self.office.kill()
        self.office.start()
        self.assertEqual(self.office.json("devices")[0]["state"], "revoked")
        self.assertTrue(self.office.json("audit", "verify")["ok"])

    def test_a_laptop_that_was_off_meets_silence(self):
        self.laptop.kill()
        self.office.json("revoke", "laptop")
        self.laptop.start()
        refusal = self.laptop.refused("ping", "office", "--timeout", "2s")
        self.assertEqual((refusal["exit"], refusal["code"]), (1, "unreachable"))
        eventually(lambda: "no longer allowed" in self.laptop.peer("office")["cause"], 60, "the laptop says what it cannot tell apart")

    def test_the_others_are_not_disturbed_and_the_device_can_be_forgotten(self):
        phone = self.node("phone")
        phone.init()
        phone.start()
        pair(self.office, phone, "--allow", "echo")
        with socket.create_connection(phone.address_of("echo"), 60) as held:
            self.office.json("revoke", self.device["id"])
            held.sendall(b"still here")
            self.assertEqual(held.recv(10), b"still here")
        self.office.json("devices", "forget", "laptop")
        self.assertEqual([entry["name"] for entry in self.office.json("devices")], ["phone"])

    def test_only_a_revoked_device_can_be_forgotten_and_names_must_exist(self):
        self.assertEqual(self.office.refused("devices", "forget", "laptop")["code"], "state")
        self.assertEqual(self.office.refused("revoke", "nobody")["code"], "not_found")

    def test_a_revoked_laptop_may_be_paired_again(self):
        self.office.json("revoke", "laptop")
        eventually(lambda: (self.laptop.peer("office") or {"state": "revoked"})["state"] == "revoked", 60, "the laptop knows")
        pair(self.office, self.laptop, "--allow", "echo")
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"back"), b"back")


if __name__ == "__main__":
    unittest.main()
