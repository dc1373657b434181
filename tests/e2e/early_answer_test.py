"""A web server that answers before it has heard everything, and hangs up: what it said arrives all the same."""

import socket
import threading
import unittest

from bridge import BridgeTest, pair

ANSWER = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large"


class Impatient(threading.Thread):
    """Reads `much` of each request, answers, and closes: with bytes unread, closing becomes a reset."""

    def __init__(self, much, ends_first):
        super().__init__(daemon=True)
        self.much, self.ends_first = much, ends_first
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            with client:
                client.recv(self.much)
                client.sendall(ANSWER)
                if self.ends_first:
                    client.shutdown(socket.SHUT_WR)


class EarlyAnswer(BridgeTest):
    def upload(self, address, pieces):
        """Sends on and on, as a browser does, and only then looks at the answer; gives it and whether all was taken."""
        piece = b"x" * 65536
        with socket.create_connection(address, 60) as connection:
            connection.settimeout(30)
            connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (pieces * len(piece)))
            answer = bytearray()
            try:
                for _ in range(pieces):
                    connection.sendall(piece)
            except OSError:
                pass  # as when the server is on this machine
            try:
                while part := connection.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass
            return bytes(answer)

    def test_the_answer_arrives_whether_the_server_ends_or_resets(self):
        for name, ends_first in (("ends", True), ("resets", False)):
            server = Impatient(1000, ends_first)
            self.office.json("expose", name, f"127.0.0.1:{server.port}")
        pair(self.office, self.laptop, "--allow", "*")
        for name in ("ends", "resets"):
            address = self.laptop.address_of(name)
            for _ in range(5):
                with self.subTest(name):
                    self.assertEqual(self.upload(address, 64), ANSWER)


if __name__ == "__main__":
    unittest.main()
