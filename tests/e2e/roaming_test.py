"""The laptop's address changes, the cable is pulled, the path is silent: open connections go on."""

import os
import socket
import subprocess
import unittest

from bridge import BridgeTest, eventually, pair


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class Roaming(BridgeTest):
    """Office and laptop each in a network of their own, joined by a cable (a veth pair)."""

    start_them = False

    def make_nodes(self):
        self.names = [f"dbe2e-{kind}-{os.getpid()}" for kind in ("office", "laptop")]
        for name in self.names:
            ip("netns", "add", name)
            self.addCleanup(ip, "netns", "del", name)
            self.inside(name, "link", "set", "lo", "up")
        ip("link", "add", "cable", "netns", self.names[0], "type", "veth", "peer", "name", "cable", "netns", self.names[1])
        for name, address in zip(self.names, ("10.74.0.1/16", "10.74.0.2/16")):
            self.inside(name, "address", "add", address, "dev", "cable")
            self.inside(name, "link", "set", "cable", "up")
        return (self.node("office", namespace=self.names[0], listen="0.0.0.0:7470"),
                self.node("laptop", namespace=self.names[1], listen="0.0.0.0:0"))

    def inside(self, name, *arguments):
        ip("-n", name, *arguments)

    def replace_address(self, name, old, new):
        self.inside(name, "address", "del", f"10.74.0.{old}/16", "dev", "cable")
        self.inside(name, "address", "add", f"10.74.0.{new}/16", "dev", "cable")

    def setUp(self):
        super().setUp()
        for node in (self.office, self.laptop):
            node.init()
            node.start()
        # The service and its user live inside the namespaces: cat behind a listener, driven over a pipe.
        script = ("import socket,threading\n"
                  "l=socket.create_server(('127.0.0.1',5555))\n"
                  "def serve(c):\n"
                  "  while d:=c.recv(65536): c.sendall(d)\n"
                  "while True: threading.Thread(target=serve,args=(l.accept()[0],),daemon=True).start()\n")
        echo = subprocess.Popen(self.office.inside(["python3", "-c", script]))
        self.addCleanup(lambda: (echo.kill(), echo.wait()))
        self.office.json("expose", "echo", "127.0.0.1:5555")
        pair(self.office, self.laptop, "--allow", "echo")
        self.host, self.port = self.laptop.address_of("echo")
        self.talk = subprocess.Popen(self.laptop.inside(["python3", "-u", "-c", CONVERSATION, self.host, str(self.port)]),
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.hang_up)
        self.assertEqual(self.say("hello"), "hello")

    def hang_up(self):
        self.talk.kill()
        self.talk.wait()
        self.talk.stdin.close()
        self.talk.stdout.close()

    def say(self, text):
        """Sends a line through the open connection, and returns what the echo brings."""
        self.talk.stdin.write(text + "\n")
        self.talk.stdin.flush()
        return self.talk.stdout.readline().strip()

    def test_an_open_connection_goes_on_when_the_laptops_address_is_replaced(self):
        for number in range(3, 7):
            self.replace_address(self.names[1], number - 1, number)
            self.assertEqual(self.say(f"from {number}"), f"from {number}")
        self.assertEqual(self.laptop.peer("office")["state"], "connected")

    def test_an_open_connection_goes_on_after_the_cable_was_out(self):
        self.inside(self.names[1], "link", "set", "cable", "down")
        eventually(lambda: self.laptop.peer("office")["state"] != "connected", 60, "the laptop notices")
        self.inside(self.names[1], "link", "set", "cable", "up")
        self.assertEqual(self.say("back"), "back")

    def test_an_open_connection_goes_on_when_the_offices_address_is_replaced(self):
        self.replace_address(self.names[0], 1, 9)
        self.assertEqual(self.say("moved"), "moved")


CONVERSATION = """
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
connection.settimeout(60)
for line in sys.stdin:
    connection.sendall(line.encode())
    received = b""
    while not received.endswith(b"\\n"):
        received += connection.recv(65536) or b" ended\\n"
    print(received.decode(), end="")
"""


if __name__ == "__main__":
    unittest.main()
