"""The audit trail as a proof: heads that devices keep, what an owner cannot rewrite, and a table for a spreadsheet."""

import csv
import io
import json
import os
import shutil
import sqlite3
import unittest

from bridge import BridgeTest, eventually, pair
from servers import Echo, exchange


class Audit(BridgeTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")

    def noted(self):
        """What the laptop has kept of the office's trail, in a file."""
        heads = eventually(lambda: [head for head in self.laptop.json("audit", "heads") if head["office"] == "office"], 60, "the laptop has a head")
        path = self.path("heads.json")
        with open(path, "w") as file:
            json.dump(heads, file)
        return path, heads[0]

    def test_the_trail_holds_what_a_device_noted(self):
        path, head = self.noted()
        self.assertIsNone(head["disputed"])
        exchange(self.laptop.address_of("echo"), b"x")
        self.assertTrue(self.office.json("audit", "verify", "--head", path)["ok"])
        self.assertTrue(self.office.json("audit", "verify", "--head", f"{head['seq']}:{head['hash']}")["ok"])

    def test_a_rewritten_trail_does_not_hold_what_a_device_noted(self):
        path, head = self.noted()
        wrong = f"{head['seq']}:{'0' * 64}"
        self.assertEqual(self.office.run_code("audit", "verify", "--head", wrong), 1)
        beyond = f"{head['seq'] + 100000}:{head['hash']}"
        self.assertEqual(self.office.run_code("audit", "verify", "--head", beyond), 1)

    def test_an_older_state_is_disputed_by_the_device(self):
        self.noted()
        self.office.stop()
        shutil.copytree(self.office.state, self.path("older"))
        self.office.start()
        self.laptop.connected_to("office")
        for _ in range(3):
            exchange(self.laptop.address_of("echo"), b"x")
        before = self.noted()[1]["seq"]
        self.office.stop()
        self.office.start()  # a new session hears of the newest head at once
        self.laptop.connected_to("office")
        eventually(lambda: self.noted()[1]["seq"] > before, 60, "the laptop has a newer head")
        self.office.stop()
        shutil.rmtree(self.office.state)
        shutil.copytree(self.path("older"), self.office.state)
        self.office.start()
        disputed = eventually(lambda: self.noted()[1]["disputed"], 120, "the laptop disputes the older trail")
        self.assertLess(disputed["seq"], self.noted()[1]["seq"])
        self.assertIn("DISPUTED", self.laptop.run("audit", "heads"))

    def records(self, *arguments):
        return [json.loads(line) for line in self.office.run("audit", *arguments, "--json").splitlines()]

    def test_old_records_give_way_to_a_signed_checkpoint_and_the_trail_goes_on_from_it(self):
        path, head = self.noted()
        for _ in range(3):
            exchange(self.laptop.address_of("echo"), b"x")
        closed = eventually(lambda: [one for one in self.records("show") if one["type"] == "flow_closed"], 60, "flows are on record")[-1]
        self.office.json("backup", self.path("before.backup"))
        pruned = self.office.json("audit", "prune", "--before", closed["time"])
        checkpoint = pruned["checkpoint"]
        self.assertEqual(set(checkpoint), {"seq", "hash", "until", "time", "signature"})
        self.assertEqual(pruned["pruned"], checkpoint["seq"])
        first, *rest = self.records("export")
        self.assertEqual((first["type"], first["seq"], first["hash"]), ("checkpoint", checkpoint["seq"], checkpoint["hash"]))
        self.assertEqual([record["seq"] for record in rest], list(range(checkpoint["seq"] + 1, checkpoint["seq"] + 1 + len(rest))))
        self.assertIn("pruned", [record["type"] for record in rest])
        self.office.kill()
        self.office.start()
        verified = self.office.json("audit", "verify", "--head", path)
        self.assertEqual((verified["ok"], verified["checkpoint"]), (True, checkpoint))
        self.assertEqual(verified["pruned_heads"], [head["seq"]] if head["seq"] < checkpoint["seq"] else [])
        self.assertIn("were pruned", self.office.run("audit", "verify"))
        self.assertTrue(self.office.json("audit", "verify", "--head", f"{checkpoint['seq']}:{checkpoint['hash']}")["ok"])
        self.assertEqual(self.office.run_code("audit", "verify", "--head", f"{checkpoint['seq']}:{'0' * 64}"), 1)
        said = self.office.run("audit", "verify", "--head", f"1:{'0' * 64}")
        self.assertIn("head 1 is of a record that was pruned", said)
        self.laptop.connected_to("office")
        self.assertIsNone(self.noted()[1]["disputed"])
        # Neither a backup from before nor one from after brings pruned records back or breaks the chain.
        self.office.json("backup", self.path("after.backup"))
        for backup in ("before.backup", "after.backup"):
            self.office.json("restore", self.path(backup))
            self.office.run("wait", "--ready", "--timeout", "60s")
            self.assertEqual(self.office.json("audit", "verify")["checkpoint"], checkpoint)

    def test_a_prune_of_the_future_of_nothing_or_of_a_broken_trail_is_refused_in_words(self):
        self.assertEqual(self.office.refused("audit", "prune", "--before", "2099-01-01")["code"], "invalid_argument")
        refused = self.office.refused("audit", "prune", "--before", "2001-01-01")
        self.assertEqual(refused["code"], "state")
        self.assertIn("2001", refused["message"])
        before = self.records("show")
        self.office.stop()
        with sqlite3.connect(os.path.join(self.office.state, "state.db")) as database:
            database.execute("DELETE FROM rows WHERE kind=6 AND key=?", (bytes([0] * 7 + [2]),))
        database.close()
        self.office.start()
        refused = self.office.refused("audit", "prune", "--before", before[-1]["time"])
        self.assertEqual(refused["code"], "malformed")
        self.assertIn("missing", refused["message"])
        self.assertGreaterEqual(len(self.records("show")), len(before) - 1)

    def test_a_checkpoint_that_was_changed_is_found(self):
        self.office.json("audit", "prune", "--before", self.records("show")[-1]["time"])
        self.office.stop()
        with sqlite3.connect(os.path.join(self.office.state, "state.db")) as database:
            value, = database.execute("SELECT value FROM rows WHERE kind=12").fetchone()
            database.execute("UPDATE rows SET value=? WHERE kind=12", (value[:40] + bytes([value[40] ^ 1]) + value[41:],))
        database.close()
        self.office.start()
        verified = self.office.run_code("audit", "verify")
        self.assertEqual(verified, 1)

    def test_a_table_for_a_spreadsheet_holds_every_record_and_no_formula(self):
        self.office.json("rename", "laptop", "=HYPERLINK(1)")
        rows = list(csv.DictReader(io.StringIO(self.office.run("audit", "export", "--csv"))))
        records = [json.loads(line) for line in self.office.run("audit", "export", "--json").splitlines()]
        self.assertEqual([row["hash"] for row in rows], [record["hash"] for record in records])
        renamed = next(row for row in rows if row["type"] == "renamed")
        self.assertFalse(any(value.startswith("=") for value in renamed.values()))


if __name__ == "__main__":
    unittest.main()
