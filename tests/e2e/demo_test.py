"""The demonstration: tells its story, with true figures, in under ten seconds."""

import json
import subprocess
import unittest

from bridge import CLI


class Demo(unittest.TestCase):
    def test_it_ends_well_in_under_ten_seconds_with_a_figure_for_each_step(self):
        done = subprocess.run([CLI, "demo", "--json"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        figures = json.loads(done.stdout)
        self.assertLess(figures["total_s"], 10)
        for name in ("start_ms", "pair_ms", "rtt_ms", "first_byte_ms", "download_mbit_s", "reconnect_ms", "revoke_ms"):
            self.assertGreater(figures[name], 0, name)


if __name__ == "__main__":
    unittest.main()
