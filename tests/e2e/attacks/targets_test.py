"""Programs behind a service that misbehave: each ends or delays its own connection, and no other."""

import socket
import struct
import threading
import unittest

from bridge import BridgeTest, eventually, pair
from servers import Echo, ends_at_once, exchange


class Target:
    """Accepts and does `what` with each connection."""

    def __init__(self, what):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.held = []
        self.what = what
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.held.append(connection)
            self.what(connection)


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def close_early(connection):
    connection.recv(10)
    connection.sendall(b"half an ans")
    connection.close()


def never_read(connection):
    pass


class Targets(BridgeTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")
        pair(self.office, self.laptop, "--allow", "*")

    def expose(self, name, what):
        target = Target(what)
        self.addCleanup(target.listener.close)
        self.office.json("expose", name, f"127.0.0.1:{target.port}")
        return self.laptop.address_of(name)

    def others_go_on(self):
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"hello"), b"hello")

    def test_one_that_resets_or_refuses_is_heard_of_at_once(self):
        self.assertTrue(ends_at_once(self.expose("resets", reset)))
        self.office.json("expose", "nobody", "127.0.0.1:1")
        self.assertTrue(ends_at_once(self.laptop.address_of("nobody")))
        self.others_go_on()

    def test_of_one_that_closes_early_everything_it_said_arrives(self):
        with socket.create_connection(self.expose("early", close_early), 60) as connection:
            connection.settimeout(60)
            connection.sendall(b"x" * 10)
            heard = b""
            while piece := connection.recv(100):
                heard += piece
        self.assertEqual(heard, b"half an ans")
        self.others_go_on()

    def test_one_that_is_slow_delays_its_own_answer_and_nothing_else(self):
        awake = threading.Event()
        self.addCleanup(awake.set)

        def drowse(connection):
            awake.wait()
            connection.sendall(connection.recv(10))
            connection.close()
        with socket.create_connection(self.expose("slow", drowse), 60) as connection:
            connection.sendall(b"hello")
            self.others_go_on()
            connection.setblocking(False)
            self.assertRaises(BlockingIOError, connection.recv, 1)  # kept, and not answered by anybody else
            awake.set()
            connection.settimeout(60)
            self.assertEqual((connection.recv(10), connection.recv(1)), (b"hello", b""))

    def test_one_that_never_reads_stops_its_own_sender_and_nobody_else(self):
        address = self.expose("deaf", never_read)
        with socket.create_connection(address, 60) as connection:
            connection.setblocking(False)
            sent = 0

            def is_full():
                nonlocal sent
                try:
                    while True:
                        sent += connection.send(bytes(65536))
                except BlockingIOError:
                    self.others_go_on()
                    return connection_is_full_for_good(connection)
            eventually(is_full, 60, "the sender is held up")
            self.assertLess(sent, 64 * 1024 * 1024)  # what waits is bounded
            self.others_go_on()


def connection_is_full_for_good(connection):
    """Whether nothing more goes in while the others are served."""
    try:
        connection.send(b"x")
        return False
    except BlockingIOError:
        return True


if __name__ == "__main__":
    unittest.main()
