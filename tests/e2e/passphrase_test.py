"""A key with a passphrase: set, asked for, given, and found nowhere afterwards."""

import os
import signal
import subprocess
import unittest

from bridge import CLI, DAEMON, BridgeTest, eventually, pair
from terminal_test import Screen

WORDS = "correct horse battery staple"
OTHER = "ein anderer Satz mit Ümlaut"


def memory_of(process):
    """Everything that a process has in memory and can be read; needs root."""
    with open(f"/proc/{process.pid}/maps") as maps, open(f"/proc/{process.pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            memory.seek(start)
            try:
                yield memory.read(end - start)
            except OSError:
                continue


class Passphrase(BridgeTest):
    start_them = False

    def start_locked(self, node, *arguments):
        with open(node.log, "a") as log:
            node.process = subprocess.Popen([DAEMON, "--state", node.state, "--listen", node.listen, *arguments], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)
        eventually(lambda: os.path.exists(os.path.join(node.state, "control.sock")), 60, "it waits")

    def locked_office(self):
        self.office.init("--passphrase", input=WORDS + "\n")
        self.start_locked(self.office)

    def test_a_locked_node_answers_nothing_but_status_and_unlock(self):
        self.locked_office()
        status = self.office.json("status")
        self.assertTrue(status["node"]["locked"])
        self.assertEqual((status["node"]["id"], status["peers"]), (None, []))
        self.assertIn("drawbridge unlock", self.office.run("status"))
        refused = self.office.refused("pair")
        self.assertEqual((refused["code"], refused["remedy"]), ("state", "Run: drawbridge unlock"))
        self.assertFalse(os.path.exists(os.path.join(self.office.state, "state.db")), "no database is opened")

    def test_a_wrong_passphrase_is_said_and_locks_nobody_out(self):
        self.locked_office()
        for _ in range(4):
            refused = self.office.refused("unlock", input="wrong\n")
            self.assertEqual(refused["code"], "authentication")
            self.assertIn("passphrase is wrong", refused["message"])
        self.assertEqual(self.office.json("unlock", input=WORDS + "\n"), {"locked": False})
        self.office.run("wait", "--ready")
        self.assertFalse(self.office.json("status")["node"]["locked"])
        self.assertEqual(self.office.json("unlock"), {"locked": False})

    def test_an_unlocked_node_serves_and_a_wait_ready_sleeps_until_then(self):
        self.laptop.init()
        self.laptop.start()
        self.locked_office()
        with subprocess.Popen([CLI, "--state", self.office.state, "wait", "--ready", "--timeout", "60s"],
                              stdout=subprocess.DEVNULL) as waiting:
            self.office.run("status")  # answered after the wait was heard
            self.assertIsNone(waiting.poll())
            self.office.run("unlock", input=WORDS + "\n")
            self.assertEqual(waiting.wait(60), 0)
        pair(self.office, self.laptop)

    def test_a_foreground_daemon_asks_at_its_terminal(self):
        self.office.init("--passphrase", input=WORDS + "\n")
        screen = Screen([DAEMON, "--state", self.office.state, "--listen", "127.0.0.1:0"])
        screen.shows("Passphrase of the key")
        screen.type("wrong\n")
        screen.shows("passphrase is wrong")
        eventually(lambda: screen.read().count("Passphrase of the key") == 2, 60, "it asks again")
        screen.type(WORDS + "\n")
        screen.shows("ready")
        screen.process.send_signal(signal.SIGTERM)
        code, text = screen.end()
        self.assertEqual(code, 0)
        self.assertNotIn("horse", text, "what is typed is not shown")

    def test_a_locked_daemon_ends_when_told(self):
        self.locked_office()
        self.assertEqual(self.office.stop(), 0)

    def test_it_is_set_changed_and_removed(self):
        identity = self.office.init()["id"]
        self.assertEqual(self.office.json("passphrase", "set", input=WORDS + "\n"), {"locked": True})
        self.assertEqual(self.office.refused("passphrase", "set", input=WORDS + "\n")["code"], "state")
        self.assertEqual(self.office.refused("passphrase", "change", input=f"wrong\n{OTHER}\n")["code"], "authentication")
        self.office.run("passphrase", "change", input=f"{WORDS}\n{OTHER}\n")
        self.start_locked(self.office)
        self.assertEqual(self.office.refused("unlock", input=WORDS + "\n")["code"], "authentication")
        self.office.run("unlock", input=OTHER + "\n")
        self.office.run("wait", "--ready")
        self.office.stop()
        self.assertEqual(self.office.refused("passphrase", "remove", input="\n")["code"], "invalid_argument")
        self.assertEqual(self.office.json("passphrase", "remove", input=OTHER + "\n"), {"locked": False})
        self.office.start()
        self.assertEqual(self.office.json("status")["node"]["id"], identity)
        self.assertEqual(os.stat(os.path.join(self.office.state, "key")).st_mode & 0o7777, 0o600)

    def test_a_new_passphrase_is_typed_twice_at_a_terminal_and_not_shown(self):
        self.office.init()
        screen = Screen([CLI, "--state", self.office.state, "passphrase", "set"])
        for question, answer in (("New passphrase", WORDS), ("The same again", WORDS + "x")):
            screen.shows(question)
            screen.type(answer + "\n")
        code, text = screen.end()
        self.assertEqual(code, 1)
        self.assertIn("not the same", text)
        self.assertNotIn("horse", text)
        self.office.start()

    def test_systemd_hands_in_a_passphrase_or_a_key(self):
        self.office.init("--passphrase", input=WORDS + "\n")
        credentials = self.path("credentials")
        os.mkdir(credentials, 0o700)
        with open(os.path.join(credentials, "drawbridge-passphrase"), "w") as file:
            file.write(WORDS + "\n")
        os.environ["CREDENTIALS_DIRECTORY"] = credentials
        self.addCleanup(os.environ.pop, "CREDENTIALS_DIRECTORY")
        self.office.start()
        self.office.stop()
        os.rename(os.path.join(self.office.state, "key"), os.path.join(credentials, "drawbridge-key"))
        self.office.start()
        self.assertFalse(self.office.json("status")["node"]["locked"])

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to read the daemon's memory")
    def test_after_unlocking_the_passphrase_is_in_no_memory_log_or_command_line(self):
        self.locked_office()
        self.office.refused("unlock", input="wrong" + WORDS + "\n")
        self.office.run("unlock", input=WORDS + "\n")
        self.office.run("wait", "--ready")
        name = os.fsencode(self.office.state)
        found_own_state, found = False, 0
        for piece in memory_of(self.office.process):
            found_own_state = found_own_state or name in piece
            found += piece.count(WORDS.encode())
        self.assertTrue(found_own_state, "the search finds what is there")
        self.assertEqual(found, 0, "the passphrase is in the daemon's memory")
        for name in ("cmdline", "environ"):
            with open(f"/proc/{self.office.process.pid}/{name}", "rb") as file:
                self.assertNotIn(b"horse", file.read())
        with open(self.office.log, "rb") as log:
            self.assertNotIn(b"horse", log.read())
        with open(f"/proc/{self.office.process.pid}/limits") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"], "it leaves no core")
