"""Programs that open more connections than the daemon has file descriptors for: some wait or are refused, then all is well."""

import socket
import unittest

from bridge import BridgeTest, eventually, pair
from servers import Echo, exchange


class Frugal:
    """A node whose daemon may open few files."""

    def __init__(self, node, most):
        self.node, self.inside = node, node.inside
        node.inside = lambda arguments: ["prlimit", f"--nofile={most}:{most}", *self.inside(arguments)]


class Descriptors(BridgeTest):
    start_them = False

    def crowd(self, frugal):
        for node in (self.office, self.laptop):
            node.init()
        Frugal(frugal, 80)
        for node in (self.office, self.laptop):
            node.start()
        echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{echo.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        address = self.laptop.address_of("echo")
        self.assertEqual(exchange(address, b"before"), b"before")
        held = []
        try:
            for _ in range(200):
                connection = socket.socket()
                connection.setblocking(False)
                connection.connect_ex(address)
                held.append(connection)
        finally:
            for connection in held:
                connection.close()

        def works():
            try:
                return exchange(address, b"after") == b"after"
            except OSError:
                return False
        eventually(works, 60, "connections work again")
        self.assertEqual(self.office.json("devices")[0]["state"], "connected")
        self.assertTrue(self.office.json("audit", "verify")["ok"])
        self.assertEqual((self.office.stop(), self.laptop.stop()), (0, 0))

    def test_an_office_with_few_descriptors_serves_again_after_the_crowd(self):
        self.crowd(self.office)

    def test_a_device_with_few_descriptors_serves_again_after_the_crowd(self):
        self.crowd(self.laptop)


if __name__ == "__main__":
    unittest.main()
