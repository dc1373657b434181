"""Grants, a target that is down, and a plain TCP service byte for byte."""

import hashlib
import json
import os
import socket
import subprocess
import threading
import unittest

from bridge import CLI, BridgeTest, pair
from servers import Echo, ends, ends_at_once, exchange, free_port


class Services(BridgeTest):
    def setUp(self):
        super().setUp()
        self.echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{self.echo.port}")

    def test_every_byte_and_the_half_close_pass_both_ways(self):
        pair(self.office, self.laptop, "--allow", "echo")
        data = os.urandom(8 << 20)
        self.assertEqual(hashlib.sha256(exchange(self.laptop.address_of("echo"), data)).digest(), hashlib.sha256(data).digest())

    def test_a_program_with_a_unix_socket_is_reached_and_one_that_is_away_is_told(self):
        path = self.path("program.sock")
        self.office.json("expose", "program", "unix:" + path)
        pair(self.office, self.laptop, "--allow", "program")
        address = self.laptop.address_of("program")
        self.assertTrue(ends_at_once(address))
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen()

        def answer():
            client, _ = listener.accept()
            Echo.serve(client)
        threading.Thread(target=answer, daemon=True).start()
        data = os.urandom(1 << 20)
        self.assertEqual(exchange(address, data), data)

    def test_fifty_connections_at_once_are_kept_apart(self):
        pair(self.office, self.laptop, "--allow", "echo")
        address = self.laptop.address_of("echo")
        results = {}

        def one(number):
            data = bytes([number]) * 50_000
            results[number] = exchange(address, data) == data
        threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, {number: True for number in range(50)})

    def test_a_device_without_a_grant_is_offered_nothing_and_told_so(self):
        pair(self.office, self.laptop)
        self.assertEqual(self.laptop.json("services"), [])
        self.assertEqual(self.laptop.refused("connect", "echo", "--listen", "127.0.0.1:0")["code"], "not_found")

    def test_allow_and_deny_take_effect_at_once(self):
        pair(self.office, self.laptop)
        self.office.json("allow", "laptop", "echo")
        address = self.laptop.address_of("echo")
        self.assertEqual(exchange(address, b"hello"), b"hello")
        with socket.create_connection(address, 60) as held:
            held.sendall(b"x")
            self.assertEqual(held.recv(1), b"x")
            self.office.json("deny", "laptop", "echo")
            self.assertTrue(ends(held))

    def test_stdio_carries_bytes_and_says_why_not(self):
        pair(self.office, self.laptop, "--allow", "echo,down")
        self.office.json("expose", "down", f"127.0.0.1:{free_port()}")
        command = [CLI, "--state", self.laptop.state, "connect"]
        self.laptop.address_of("down")
        done = subprocess.run([*command, "echo", "--stdio"], input=b"through", capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, b"through"))
        refused = subprocess.run([*command, "down", "--stdio"], input=b"", capture_output=True, timeout=60)
        self.assertEqual((refused.returncode, refused.stdout), (1, b""))
        self.assertTrue(refused.stderr)
        unknown = subprocess.run([*command, "nothing", "--stdio"], input=b"", capture_output=True, timeout=60)
        self.assertEqual(unknown.returncode, 1)

    def test_a_local_port_serves_until_the_command_ends(self):
        pair(self.office, self.laptop, "--allow", "echo")
        self.laptop.address_of("echo")
        command = [CLI, "--state", self.laptop.state, "connect", "echo", "--listen", "127.0.0.1:0", "--json"]
        listening = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        host, port = json.loads(listening.stdout.readline())["address"].rsplit(":", 1)
        self.assertEqual(exchange((host, int(port)), b"local"), b"local")
        listening.terminate()
        self.assertEqual(listening.wait(20), 0)
        listening.stdout.close()


if __name__ == "__main__":
    unittest.main()
