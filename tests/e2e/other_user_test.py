"""Another user of the laptop: kept out, and on record. Needs root, to be somebody else."""

import os
import signal
import unittest
from urllib.parse import urlsplit

from bridge import BridgeTest, eventually, pair
from browser import url_of
from other_user import heard_by
from servers import Echo

NOBODY = 65534


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class OtherUser(BridgeTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")
        os.mkdir(self.path("shared"))
        self.office.json("expose", "files", "folder:" + self.path("shared"))
        pair(self.office, self.laptop, "--allow", "echo,files")

    def call(self, address, user):
        """What a program of this user hears at the address."""
        return heard_by(user, address, b"GET / HTTP/1.0\r\n\r\n", 9)

    def refusals(self):
        out = self.laptop.run("audit", "show", "--json")
        return [line for line in out.splitlines() if "\"refused\"" in line and f"user {NOBODY}" in line]

    def test_his_programs_hear_nothing_and_one_record_a_minute_says_so(self):
        address = self.laptop.address_of("echo")
        self.assertEqual(self.call(address, 0), b"GET / HTT")
        self.assertEqual(self.refusals(), [])
        gateway = ("127.0.0.1", urlsplit(url_of(self.laptop, "files")).port)
        for where in (address, gateway, address):
            self.assertEqual(self.call(where, NOBODY), b"")
        record, = eventually(self.refusals, 60, "the refusal is on record")
        self.assertIn(f"{address[0]}:{address[1]}", record)
        self.assertTrue(self.laptop.json("audit", "verify")["ok"])

    def test_one_who_is_named_in_the_settings_is_let_in_until_he_is_named_no_more(self):
        address, settings = self.laptop.address_of("echo"), os.path.join(self.laptop.state, "config.toml")
        for named, heard in (('["nobody"]', b"GET / HTT"), ("[]", b"")):
            with open(settings, "w") as file:
                file.write(f"local_users = {named}\n")
            self.laptop.signal(signal.SIGHUP)
            eventually(lambda: self.call(address, NOBODY) == heard, 60, f"local_users = {named} is in force")


if __name__ == "__main__":
    unittest.main()
