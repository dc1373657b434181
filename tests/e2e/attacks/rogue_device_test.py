"""A paired device with real keys that misbehaves, against a real office: what it says is refused in words, what it was not
granted it never reaches, and beside it a well-behaved laptop is served all the time."""

import os
import socket
import sqlite3
import subprocess
import threading
import unittest

from bridge import BUILD, BridgeTest, pair

RELATION = 2  # the kind of row that holds a pair's secret
ROGUE = os.path.join(BUILD, "tests", "e2e", "rogue")


class Program:
    """A program of the office, on a port of its own; counts who comes."""

    def __init__(self, test, serve):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port, self.visitors, self.serve = self.listener.getsockname()[1], 0, serve
        threading.Thread(target=self.accept, daemon=True).start()
        test.addCleanup(self.listener.close)

    def accept(self):
        while True:
            try:
                visitor, _ = self.listener.accept()
            except OSError:
                return
            self.visitors += 1
            threading.Thread(target=self.attend, args=(visitor,), daemon=True).start()

    def attend(self, visitor):
        try:
            with visitor:
                self.serve(visitor)
        except OSError:
            pass


def echo(visitor):
    while data := visitor.recv(65536):
        visitor.sendall(data)


def endless(visitor):
    while True:
        visitor.sendall(bytes(65536))


class RogueDevice(BridgeTest):
    def setUp(self):
        super().setUp()
        self.programs = {"echo": Program(self, echo), "endless": Program(self, endless), "secret": Program(self, echo)}
        for name, program in self.programs.items():
            self.office.json("expose", name, f"127.0.0.1:{program.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        self.thief = self.node("thief")
        self.thief.init()
        self.thief.start()
        pair(self.office, self.thief, "--allow", "echo,endless")
        self.thief.stop()
        with sqlite3.connect(os.path.join(self.thief.state, "state.db")) as database:
            self.relation, = (row[0].hex() for row in database.execute("SELECT value FROM rows WHERE kind = ?", (RELATION,)))
        self.pid = self.office.process.pid
        self.line = socket.create_connection(self.laptop.address_of("echo"), 60)
        self.addCleanup(self.line.close)
        self.laptop_is_served()

    def attack(self, scenario):
        """Lets it loose; returns the lines that it wrote."""
        address = self.office.json("status")["node"]["listen"][0].removeprefix("udp://")
        key = os.path.join(self.thief.state, "key")
        done = subprocess.run([ROGUE, key, self.relation, address, scenario], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout.splitlines()

    def laptop_is_served(self):
        """On the connection that was open before, and on a new one."""
        with socket.create_connection(self.laptop.address_of("echo"), 60) as fresh:
            for line in (self.line, fresh):
                line.settimeout(60)
                line.sendall(b"are you there?")
                self.assertEqual(line.recv(14, socket.MSG_WAITALL), b"are you there?")

    def office_is_well(self):
        self.assertIsNone(self.office.process.poll(), "the office runs")
        self.assertEqual(self.office.process.pid, self.pid)
        self.laptop_is_served()
        self.assertEqual(self.programs["secret"].visitors, 0)
        self.assertTrue(self.office.json("audit", "verify")["ok"])
        self.assertEqual(sorted(device["name"] for device in self.office.json("devices")), ["laptop", "thief"])

    def office_memory(self):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) // 1024

    def test_malformed_words_and_lies_end_its_own_connection_with_a_reason(self):
        lines = self.attack("malformed")
        reasons = {line.removeprefix("expelled: ") for line in lines}
        self.assertEqual(reasons, {"unexpected first frame", "malformed first frame", "malformed control frame", "malformed control message",
                                   "unexpected control message", "an incarnation that we have not signed", "key update out of order"})
        self.office_is_well()
        # The owner finds it in the trail and in the log.
        self.assertIn('"misbehaved: malformed control message"', self.office.run("audit", "show", "--json"))
        with open(self.office.log) as log:
            self.assertIn("misbehaved: malformed control message", log.read())

    def test_services_that_it_was_not_granted_are_refused_and_that_is_on_record(self):
        lines = self.attack("ungranted")
        refusals = [line for line in lines if line.startswith("refused ")]
        self.assertEqual(len(refusals), 4)
        for line in refusals:
            self.assertIn("The office offers no such service to this device.", line)
        self.assertEqual(sum(line == "expelled: malformed open frame" for line in lines), 5)
        self.office_is_well()
        trail = self.office.run("audit", "show", "--json")
        self.assertIn('"not granted"', trail)

    def test_floods_of_connections_datagrams_candidates_and_checks_hold_up_nobody(self):
        self.attack("flood")
        self.office_is_well()
        self.assertLess(self.office_memory(), 200)
        # One record a minute, not one each.
        self.assertLess(self.office.run("audit", "show", "--json").count('"not granted"'), 20)

    def test_a_thousand_connections_that_it_never_reads_are_bounded(self):
        line, = self.attack("unread")
        self.assertLessEqual(int(line.split()[1]), 1024)
        self.office_is_well()
        # 256 KiB wait for each connection at most.
        self.assertLess(self.office_memory(), 600)

    def test_handshakes_that_it_never_ends_lock_out_nobody(self):
        self.attack("handshakes")
        self.office_is_well()


if __name__ == "__main__":
    unittest.main()
