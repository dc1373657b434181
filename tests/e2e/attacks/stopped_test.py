"""A daemon that is stopped (SIGSTOP), the whole computer asleep: what was open goes on where it was."""

import signal
import socket
import unittest

from bridge import BridgeTest, eventually, pair
from servers import Echo


class Stopped(BridgeTest):
    def test_an_open_connection_goes_on_after_either_side_was_stopped(self):
        echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        with socket.create_connection(self.laptop.address_of("echo"), 60) as connection:
            connection.settimeout(120)
            for node, other in ((self.office, self.laptop), (self.laptop, self.office)):
                with self.subTest(stopped=node.name):
                    node.signal(signal.SIGSTOP)
                    connection.sendall(b"while you were away")
                    if other is self.laptop:
                        eventually(lambda: self.laptop.peer("office")["echo_age_ms"] > 3000, 60, "the laptop notices the silence")
                    node.signal(signal.SIGCONT)
                    heard = b""
                    while len(heard) < 19:
                        heard += connection.recv(100)
                    self.assertEqual(heard, b"while you were away")


if __name__ == "__main__":
    unittest.main()
