"""Nobody takes the log: its disk is full, or its reader is gone. The bridge goes on."""

import os
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, pair
from servers import Echo, exchange


class LogFull(BridgeTest):
    start_them = False

    def start_with_output(self, node, output):
        node.init()
        node.process = subprocess.Popen([DAEMON, "--state", node.state, "--listen", node.listen, "--log", "json"], stdout=output, stderr=output)
        node.run("wait", "--ready", "--timeout", "60s")

    def test_a_full_disk_and_a_closed_pipe_under_the_log_stop_nothing(self):
        with open("/dev/full", "w") as full:
            self.start_with_output(self.office, full)
        reading, writing = os.pipe()
        os.close(reading)
        self.start_with_output(self.laptop, writing)
        os.close(writing)
        echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"hello"), b"hello")
        self.office.json("revoke", "laptop")
        self.assertEqual((self.office.stop(), self.laptop.stop()), (0, 0))


if __name__ == "__main__":
    unittest.main()
