"""Bad input: a clear error, nothing lost, no crash."""

import os
import random
import socket
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, pair
from servers import ends_at_once


def start_refused(state, *arguments):
    done = subprocess.run([DAEMON, "--state", state, "--listen", "127.0.0.1:0", *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


class BadState(BridgeTest):
    start_them = False

    def test_wrong_and_misordered_words_are_named(self):
        words = self.office.init()["words"]
        misspelt = self.laptop.refused("init", "--restore", input=" ".join(["xyzzyx", *words[1:]]))
        self.assertEqual((misspelt["exit"], misspelt["code"]), (1, "malformed"))
        swapped = [words[1], words[0], *words[2:]]
        if swapped != words:
            try:
                self.assertNotEqual(self.laptop.init("--restore", input=" ".join(swapped))["id"], None)
            except Exception as refused:  # 255 of 256 orders fail the checksum
                self.assertIn("malformed", str(refused))

    def test_no_identity_a_damaged_and_a_loose_key_are_refused_by_the_daemon(self):
        code, message = start_refused(self.path("nothing"))
        self.assertEqual(code, 1)
        self.assertIn("drawbridge init", message)
        self.office.init()
        key = os.path.join(self.office.state, "key")
        os.chmod(key, 0o644)
        code, message = start_refused(self.office.state)
        self.assertEqual(code, 1)
        self.assertTrue(message.strip())
        os.chmod(key, 0o600)
        with open(key, "r+b") as file:
            file.seek(40)
            file.write(b"\xff\xff")
        code, message = start_refused(self.office.state)
        self.assertEqual(code, 1)
        self.assertIn("damaged", message)

    def test_an_error_in_the_settings_is_told_with_line_and_column(self):
        self.office.init()
        settings = os.path.join(self.office.state, "config.toml")
        with open(settings, "w") as file:
            file.write('log = "human"\nlisten = [ 7 \n')
        code, message = start_refused(self.office.state)
        self.assertNotEqual(code, 0)
        self.assertRegex(message, r"config\.toml:[23]:\d+")


class BadRequests(BridgeTest):
    def test_senseless_names_and_targets_are_refused(self):
        for name, target in (("UPPER", "localhost:1"), ("x-", "localhost:1"), ("x" * 33, "localhost:1"), ("ok", "localhost"),
                             ("ok", "localhost:99999"), ("ok", "folder:/does/not/exist"), ("ok", "nonsense:/x"), ("ok", "")):
            with self.subTest(name=name, target=target):
                refusal = self.office.refused("expose", name, target)
                self.assertEqual(refusal["exit"], 1)
                self.assertTrue(refusal["message"])
        self.assertEqual(self.office.json("services"), [])

    def test_a_target_that_is_down_is_said_and_does_no_harm(self):
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self.office.json("expose", "down", f"127.0.0.1:{held.getsockname()[1]}")
            pair(self.office, self.laptop, "--allow", "down")
            self.assertTrue(ends_at_once(self.laptop.address_of("down")))
        self.assertEqual(self.laptop.peer("office")["state"], "connected")

    def test_noise_on_the_control_socket_harms_nobody(self):
        chance = random.Random(7470)
        for _ in range(50):
            with socket.socket(socket.AF_UNIX) as noise:
                noise.connect(os.path.join(self.office.state, "control.sock"))
                try:
                    noise.sendall(chance.randbytes(chance.randrange(1, 4000)))
                except OSError:
                    pass
        self.assertEqual(self.office.json("status")["node"]["name"], "office")

    def test_noise_on_the_network_is_met_with_silence(self):
        host, port = self.office.json("status")["node"]["listen"][0].removeprefix("udp://").rsplit(":", 1)
        chance = random.Random(7470)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
            noise.connect((host, int(port)))
            for _ in range(2000):
                first = chance.choice((0x00, 0x40, 0xc0, 0xc3, 0xff))
                noise.send(bytes([first]) + chance.randbytes(chance.randrange(0, 1400)))
            # Long header, a version nobody has: a QUIC server would answer with Version Negotiation.
            noise.send(bytes([0xc0, 0xaa, 0xbb, 0xcc, 0xdd, 8]) + chance.randbytes(8) + bytes([8]) + chance.randbytes(1300))
            self.assertEqual(self.office.json("status")["node"]["name"], "office")
            noise.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                noise.recv(2000)
        pair(self.office, self.laptop)


if __name__ == "__main__":
    unittest.main()
