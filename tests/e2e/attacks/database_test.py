"""A database that is damaged, truncated, newer, or no database: a sentence, no crash, and nothing is overwritten."""

import os
import random
import shutil
import sqlite3
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, Node, eventually, pair

DAMAGES = 24


class Database(BridgeTest):
    def setUp(self):
        super().setUp()
        self.office.json("expose", "echo", "127.0.0.1:1")
        self.device = pair(self.office, self.laptop, "--allow", "echo")
        self.office.stop()
        self.file = os.path.join(self.office.state, "state.db")

    def change(self, sql, *values):
        database = sqlite3.connect(self.file)
        with database:
            database.execute(sql, values)
        database.close()

    def start_refused(self, state):
        done = subprocess.run([DAEMON, "--state", state, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def content(self):
        with open(self.file, "rb") as file:
            return file.read()

    def test_a_newer_or_foreign_database_is_refused_and_left_as_it_is(self):
        self.change("PRAGMA user_version=900")
        before = self.content()
        self.assertIn("newer version", self.start_refused(self.office.state))
        self.assertEqual(self.content(), before)
        with open(self.file, "wb") as file:
            file.write(b"not a database at all, but somebody's letter " * 200)
        before = self.content()
        self.assertTrue(self.start_refused(self.office.state).strip())
        self.assertEqual(self.content(), before)

    def test_its_own_row_damaged_stops_the_daemon_and_another_is_told_and_kept(self):
        self.change("UPDATE rows SET value=x'9301' WHERE kind=4")
        self.office.start()
        warning, = self.office.json("status")["warnings"]
        self.assertEqual(warning["code"], "rows_unreadable")
        self.assertIn("service (1)", warning["message"])
        self.assertIn("cannot be read", self.office.run("status"))
        with open(self.office.log) as log:
            self.assertIn("rows unreadable", log.read())
        self.office.json("expose", "echo", "127.0.0.1:2")
        self.office.stop()
        database = sqlite3.connect(self.file)
        kept, = database.execute("SELECT value FROM rows WHERE kind=13").fetchone()
        database.close()
        self.assertEqual(kept, b"\x93\x01")
        self.change("UPDATE rows SET value=x'9301' WHERE kind=1")
        self.assertIn("drawbridge restore", self.start_refused(self.office.state))

    def test_whatever_byte_is_damaged_or_missing_the_daemon_says_so_or_serves_and_never_crashes(self):
        whole, chance = self.content(), random.Random(7470)
        refused = 0
        for number in range(DAMAGES):
            if number % 3 == 0:
                damaged = whole[:chance.randrange(1, len(whole))]
            else:
                place = chance.randrange(len(whole))
                damaged = whole[:place] + chance.randbytes(chance.randrange(1, 64)) + whole[place:]
                damaged = damaged[:len(whole)]
            with self.subTest(number=number):
                refused += self.try_start(number, damaged)
        self.assertGreater(refused, 0)

    def try_start(self, number, content):
        node = Node(self.folder, f"damaged-{number}")
        shutil.copytree(self.office.state, node.state)
        with open(os.path.join(node.state, "state.db"), "wb") as file:
            file.write(content)
        with open(node.log, "w") as log:
            node.process = subprocess.Popen([DAEMON, "--state", node.state, "--listen", "127.0.0.1:0"], stdout=log, stderr=subprocess.PIPE, text=True)
        self.nodes.append(node)
        eventually(lambda: node.process.poll() is not None or node.run_code("status") == 0, 60, "it serves or has ended")
        if node.process.poll() is None:
            node.json("devices")  # it serves
            errors = node.process.stderr
            self.assertEqual(node.stop(), 0)
            errors.close()
            return 0
        with node.process.stderr as errors:
            said, code, node.process = errors.read(), node.process.returncode, None
        self.assertEqual(code, 1, said)
        self.assertTrue(said.strip())
        return 1


if __name__ == "__main__":
    unittest.main()
