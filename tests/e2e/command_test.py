"""A program that the office starts for a service, looks after, and ends with it."""

import os
import unittest
import urllib.request

from bridge import BridgeTest, eventually, pair

SERVER = "python3 -m http.server --bind 127.0.0.1 $PORT"


class Command(BridgeTest):
    def setUp(self):
        super().setUp()
        self.office.json("expose", "app", f"command:{SERVER}")
        pair(self.office, self.laptop, "--allow", "*")

    def fetch(self):
        host, port = self.laptop.address_of("app")
        with urllib.request.urlopen(f"http://{host}:{port}/", timeout=60) as answer:
            return answer.status

    def service(self):
        return next((one for one in self.office.json("services") if one["name"] == "app"), None)

    def processes(self):
        """Process ids of this test's server: those whose environment names our state folder."""
        mine = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/environ", "rb") as environment, open(f"/proc/{entry}/cmdline", "rb") as command:
                    if f"DRAWBRIDGE_SOCKET={self.office.state}".encode() in environment.read() and b"http.server" in command.read():
                        mine.append(int(entry))
            except OSError:
                continue
        return mine

    def test_the_first_connection_waits_until_it_serves(self):
        self.assertEqual(self.fetch(), 200)
        self.assertEqual((self.service()["kind"], self.service()["state"]), ("command", "ready"))
        self.assertEqual(len(self.processes()), 1)

    def test_killed_it_comes_back(self):
        self.fetch()
        first = self.processes()
        os.kill(first[0], 9)
        eventually(lambda: self.processes() not in ([], first), 60, "the command runs again")
        self.assertEqual(self.fetch(), 200)

    def test_it_ends_with_its_service_and_with_the_daemon_even_one_that_is_killed(self):
        self.fetch()
        self.office.json("unexpose", "app")
        eventually(lambda: not self.processes(), 60, "the command has ended with its service")
        self.office.json("expose", "app", f"command:{SERVER}")
        eventually(self.processes, 60, "the command runs again")
        self.office.kill()
        eventually(lambda: not self.processes(), 60, "the command has ended with the killed daemon")
        self.office.start()
        eventually(self.processes, 60, "the command runs with the next daemon")
        self.assertEqual(self.office.stop(), 0)
        self.assertEqual(self.processes(), [])

    def test_one_that_cannot_start_says_why(self):
        self.office.json("expose", "broken", "command:no-such-program-at-all")
        def cause():
            return next(one for one in self.office.json("services") if one["name"] == "broken")["cause"]
        self.assertIn("127", eventually(lambda: "ended" in (cause() or "") and cause(), 60, "the cause is told"))

    def test_what_it_says_is_in_the_log(self):
        self.fetch()
        def line():
            with open(self.office.log) as log:
                return [text for text in log if "command said" in text and "GET / HTTP" in text]
        eventually(line, 60, "the request is in the log")


if __name__ == "__main__":
    unittest.main()
