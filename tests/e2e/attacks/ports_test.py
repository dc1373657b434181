"""A port that another program has: the daemon says so; a service's address gives way to the next."""

import socket
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, eventually, pair
from servers import Echo, exchange


class Ports(BridgeTest):
    def test_a_port_to_listen_on_that_is_taken_is_named(self):
        self.office.stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{other.getsockname()[1]}"
            done = subprocess.run([DAEMON, "--state", self.office.state, "--listen", address], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(address, done.stderr)
        self.office.start()

    def test_a_services_address_that_is_taken_gives_way_to_another(self):
        echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        host, port = self.laptop.address_of("echo")
        self.laptop.stop()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind((host, port))
            other.listen()
            self.laptop.start()
            self.laptop.connected_to("office")
            taken = self.laptop.address_of("echo")
            self.assertNotEqual(taken, (host, port))
            self.assertEqual(exchange(taken, b"hello"), b"hello")

    def test_a_second_daemon_on_one_state_is_refused_and_the_first_goes_on(self):
        done = subprocess.run([DAEMON, "--state", self.office.state, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(self.office.process.pid), done.stderr)
        self.assertTrue(eventually(lambda: self.office.json("status")["node"]["name"] == "office", 60, "the first goes on"))


if __name__ == "__main__":
    unittest.main()
