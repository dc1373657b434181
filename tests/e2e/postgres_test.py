"""PostgreSQL through the bridge: psql and pgbench."""

import os
import subprocess
import unittest

from bridge import BridgeTest, pair
from servers import POSTGRES, Postgres


class Database(BridgeTest):
    def setUp(self):
        super().setUp()
        self.postgres = Postgres(self)
        self.office.json("expose", "db", f"127.0.0.1:{self.postgres.port}")
        pair(self.office, self.laptop, "--allow", "db")
        self.host, self.port = self.laptop.address_of("db")

    def command(self, program, *arguments, database="postgres", **options):
        return subprocess.run([f"{POSTGRES}/{program}", "-h", self.host, "-p", str(self.port), "-U", "drawbridge", *arguments, database],
                              check=True, capture_output=True, timeout=120, **options).stdout

    def test_rows_go_in_and_come_out_byte_for_byte(self):
        rows = b"".join(b"%d\t%s\n" % (number, os.urandom(40).hex().encode()) for number in range(50_000))
        self.command("psql", "-c", "create table letters (id int primary key, content text)")
        self.command("psql", "-c", "copy letters from stdin", input=rows)
        self.assertEqual(self.command("psql", "-c", "copy (select * from letters order by id) to stdout"), rows)

    def test_pgbench_with_eight_clients_loses_no_transaction(self):
        self.command("pgbench", "-i", "-q", "-s", "2")
        report = self.command("pgbench", "-n", "-c", "8", "-j", "2", "-t", "200").decode()
        self.assertIn("number of transactions actually processed: 1600/1600", report)
        self.assertIn("number of failed transactions: 0", report)
        balance = self.command("psql", "-At", "-c", "select (select sum(delta) from pgbench_history) = (select sum(abalance) from pgbench_accounts)")
        self.assertEqual(balance.strip(), b"t")


if __name__ == "__main__":
    unittest.main()
