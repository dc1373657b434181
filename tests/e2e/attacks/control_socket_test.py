"""The control socket abused: requests without end, never read, half sent, by the hundred, by another user."""

import os
import socket
import struct
import unittest

from bridge import BridgeTest, eventually

STATUS = bytes.fromhex("83a2696401a7636f6d6d616e64a6737461747573a46172677380")  # {"id":1,"command":"status","args":{}}
MOST = 8 * 1024 * 1024  # of requests: the answers would be twenty times as much


class ControlSocket(BridgeTest):
    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(os.path.join(self.office.state, "control.sock"))
        connection.settimeout(60)
        self.addCleanup(connection.close)
        return connection

    def still_answers(self):
        self.assertEqual(self.office.json("status")["node"]["name"], "office")

    def test_a_request_as_documented_is_answered(self):
        connection = self.connect()
        connection.sendall(struct.pack(">I", len(STATUS)) + STATUS)
        self.assertGreater(struct.unpack(">I", connection.recv(4, socket.MSG_WAITALL))[0], 100)

    def test_one_who_asks_without_end_and_never_reads_is_held_up(self):
        connection = self.connect()
        connection.setblocking(False)
        frame, sent, tries_without_room = (struct.pack(">I", len(STATUS)) + STATUS) * 100, 0, 0

        def is_held_up():
            nonlocal sent, tries_without_room
            try:
                sent += connection.send(frame)
                tries_without_room = 0
                while sent < MOST:
                    sent += connection.send(frame)
            except BlockingIOError:
                tries_without_room += 1
            except ConnectionError:
                return True
            return tries_without_room > 25 or sent >= MOST
        eventually(is_held_up, 120, "the daemon takes no more")
        self.assertLess(sent, MOST)
        self.still_answers()

    def test_lengths_that_lie_and_requests_half_sent_end_only_themselves(self):
        for start in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x01\x00\x00\x01", struct.pack(">I", 1000) + b"\xc1" * 1000):
            with self.subTest(start=start[:4].hex()):
                connection = self.connect()
                connection.sendall(start)
                try:
                    self.assertEqual(connection.recv(1), b"")
                except ConnectionError:
                    pass
        half = self.connect()
        half.sendall(struct.pack(">I", 16_777_216) + b"x")
        self.still_answers()

    def test_hundreds_of_connections_leave_room_once_they_are_gone(self):
        crowd = []
        for _ in range(200):
            connection = socket.socket(socket.AF_UNIX)
            connection.setblocking(False)
            if connection.connect_ex(os.path.join(self.office.state, "control.sock")) == 0:
                crowd.append(connection)
        for connection in crowd:
            connection.close()
        self.still_answers()

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")
    def test_another_user_is_not_let_in(self):
        os.chmod(self.folder, 0o755)
        child = os.fork()
        if child == 0:
            os.setgroups([]), os.setgid(65534), os.setuid(65534)
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(os.path.join(self.office.state, "control.sock"))
                os._exit(1)
            except PermissionError:
                os._exit(0)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.still_answers()


if __name__ == "__main__":
    unittest.main()
