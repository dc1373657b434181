"""The audit trail as a proof: heads that devices keep, what an owner cannot rewrite, and a table for a spreadsheet."""

import csv
import io
import json
import shutil
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

    def test_a_table_for_a_spreadsheet_holds_every_record_and_no_formula(self):
        self.office.json("rename", "laptop", "=HYPERLINK(1)")
        rows = list(csv.DictReader(io.StringIO(self.office.run("audit", "export", "--csv"))))
        records = [json.loads(line) for line in self.office.run("audit", "export", "--json").splitlines()]
        self.assertEqual([row["hash"] for row in rows], [record["hash"] for record in records])
        renamed = next(row for row in rows if row["type"] == "renamed")
        self.assertFalse(any(value.startswith("=") for value in renamed.values()))


if __name__ == "__main__":
    unittest.main()
