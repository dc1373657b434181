"""The relay as a program: alone with no identity, beside an office, draining, and what its operator sees."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from bridge import DAEMON, BridgeTest, eventually


class RelayProcess:
    """drawbridged --relay alone, in a folder of its own."""

    def __init__(self, folder, name="relay", settings=""):
        self.state = os.path.join(folder, name)
        self.log = os.path.join(folder, name + ".log")
        os.makedirs(self.state, mode=0o700, exist_ok=True)
        with open(os.path.join(self.state, "config.toml"), "w") as file:
            file.write('[relay]\ndrain_seconds = 1\n' + settings)
        self.process = None

    def start(self, *arguments):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([DAEMON, "--state", self.state, "--relay", "--log", "json", *arguments], stdout=log, stderr=log)
        self.urls = eventually(self.ready, 10, "the relay is ready")["listen"]
        return self

    def events(self):
        with open(self.log) as log:
            return [json.loads(line) for line in log if line.startswith("{")]

    def ready(self):
        return next((event for event in self.events() if event["event"] == "ready"), None)

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=20)


class RelayTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="drawbridge-relay-")
        self.relays = []

    def tearDown(self):
        for relay in self.relays:
            if relay.process and relay.process.poll() is None:
                relay.process.kill()
                relay.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def relay(self, **options):
        relay = RelayProcess(self.folder, **options)
        self.relays.append(relay)
        return relay

    def test_a_relay_needs_no_identity_and_keeps_its_key(self):
        relay = self.relay().start("--listen", "127.0.0.1:0")
        self.assertTrue(relay.urls[0].startswith("udp://127.0.0.1:"))
        key = relay.urls[0].split("#")[1]
        self.assertEqual(os.stat(os.path.join(relay.state, "relay.key")).st_mode & 0o777, 0o600)
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(relay.start("--listen", "127.0.0.1:0").urls[0].split("#")[1], key)
        self.assertEqual(relay.stop(), 0)
        self.assertIn("relay_draining", [event["event"] for event in relay.events()])

    def test_a_stranger_receives_nothing(self):
        relay = self.relay().start("--listen", "127.0.0.1:0")
        host, port = relay.urls[0].split("#")[0][6:].rsplit(":", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.settimeout(0.5)
            for size in (1, 9, 80, 1200):
                for kind in range(9):
                    stranger.sendto(bytes([kind]) + os.urandom(size), (host, int(port)))
            with self.assertRaises(socket.timeout):
                stranger.recv(2000)

    def test_a_wrong_setting_is_named_with_its_line(self):
        relay = self.relay(settings="operater = 'x'\n")
        done = subprocess.run([DAEMON, "--state", relay.state, "--relay"], capture_output=True, text=True, timeout=10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("config.toml:3:1", done.stderr)
        self.assertIn("'operator'", done.stderr)


class BesideAnOffice(BridgeTest):
    start_them = False

    def test_an_office_may_be_a_relay_too_under_another_key(self):
        self.office.init()
        with open(os.path.join(self.office.state, "config.toml"), "w") as file:
            file.write('[relay]\nlisten = ["127.0.0.1:0"]\n')
        self.office.start("--relay", "--log", "json")

        def told():
            with open(self.office.log) as log:
                lines = [json.loads(line) for line in log if line.startswith("{")]
            return next((line for line in lines if line["event"] == "relay_ready"), None)
        url = eventually(told, 10, "the relay is ready")["addresses"][0]
        self.assertNotIn(self.office.json("status")["node"]["id"], url)
        self.assertEqual(self.office.stop(), 0)


if __name__ == "__main__":
    unittest.main()
