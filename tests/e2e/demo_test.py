"""The demonstration: tells its story, with true figures."""

import json
import subprocess
import unittest

from bridge import CLI


class Demo(unittest.TestCase):
    def test_it_ends_well_with_a_figure_for_each_step(self):
        done = subprocess.run([CLI, "demo", "--json"], capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        figures = json.loads(done.stdout)
        self.assertLess(figures["total_s"], 60)  # 3 on a machine of its own
        for name in ("start_ms", "pair_ms", "rtt_ms", "first_byte_ms", "download_mbit_s", "reconnect_ms", "revoke_ms"):
            self.assertGreater(figures[name], 0, name)


if __name__ == "__main__":
    unittest.main()
