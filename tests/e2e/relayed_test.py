"""Office and laptop in networks that do not reach one another: they meet, pair and work through a relay."""

import hashlib
import json
import os
import signal
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, eventually

SERVER = """
import socket,threading
l=socket.create_server(('127.0.0.1',5555))
def serve(c):
  while d:=c.recv(65536): c.sendall(d)
  c.shutdown(1)
while True: threading.Thread(target=serve,args=(l.accept()[0],),daemon=True).start()
"""
# Sends so many bytes, reads as many back, prints the hash of what came.
CLIENT = """
import hashlib,socket,sys,threading
c=socket.create_connection((sys.argv[1],int(sys.argv[2]))); n=int(sys.argv[3]); data=b'0123456789abcdef'*(n//16)
threading.Thread(target=lambda:(c.sendall(data),c.shutdown(1)),daemon=True).start()
h=hashlib.sha256()
while d:=c.recv(65536): h.update(d)
print(h.hexdigest())
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class Relayed(BridgeTest):
    """Three networks: the relay's is joined to the office's and to the laptop's, and forwards nothing."""

    start_them = False

    def make_nodes(self):
        names = {kind: f"dbe2e-{kind}-{os.getpid()}" for kind in ("relay", "office", "laptop")}
        for name in names.values():
            ip("netns", "add", name)
            self.addCleanup(ip, "netns", "del", name)
            ip("-n", name, "link", "set", "lo", "up")
        self.relay_network = names["relay"]
        ip("-n", self.relay_network, "address", "add", "10.76.0.1/32", "dev", "lo")
        for number, kind in ((1, "office"), (2, "laptop")):
            ip("link", "add", f"to-{kind}", "netns", self.relay_network, "type", "veth", "peer", "name", "cable", "netns", names[kind])
            for name, device, host in ((self.relay_network, f"to-{kind}", 1), (names[kind], "cable", 2)):
                ip("-n", name, "address", "add", f"10.76.{number}.{host}/24", "dev", device)
                ip("-n", name, "link", "set", device, "up")
            ip("-n", names[kind], "route", "add", "default", "via", f"10.76.{number}.1")
        return (self.node("office", namespace=names["office"], listen="0.0.0.0:7470"),
                self.node("laptop", namespace=names["laptop"], listen="0.0.0.0:0"))

    def setUp(self):
        super().setUp()
        self.relay_state = os.path.join(self.folder, "relay")
        os.makedirs(self.relay_state, mode=0o700)
        with open(os.path.join(self.relay_state, "config.toml"), "w") as file:
            file.write('[relay]\nlisten = ["10.76.0.1:7471"]\nwebsocket = ["10.76.0.1:8443"]\ndrain_seconds = 0\noperator = "Ann"\ncountry = "FR"\n')
        self.start_relay()
        for node in (self.office, self.laptop):
            node.init()
            node.start()
        echo = subprocess.Popen(self.office.inside(["python3", "-c", SERVER]))
        self.addCleanup(lambda: (echo.kill(), echo.wait()))
        self.office.json("expose", "echo", "127.0.0.1:5555")

    def start_relay(self):
        log = os.path.join(self.folder, "relay.log")
        with open(log, "wb") as file:
            self.relay = subprocess.Popen(["ip", "netns", "exec", self.relay_network, DAEMON, "--state", self.relay_state, "--relay", "--log", "json"],
                                          stdout=file, stderr=file)
        self.addCleanup(self.stop_relay, self.relay)

        def ready():
            with open(log) as file:
                return next((event["listen"] for line in file if (event := json.loads(line))["event"] == "ready"), None)
        self.urls = eventually(ready, 60, "the relay is ready")

    def stop_relay(self, process, number=signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            process.wait()

    def meet(self, url):
        self.office.json("relay", "add", url)
        invitation = self.office.json("pair", "--allow", "echo")
        self.laptop.json("join", invitation["link"])
        self.host, self.port = self.laptop.address_of("echo")

    def client(self, size):
        return subprocess.Popen(self.laptop.inside(["python3", "-c", CLIENT, self.host, str(self.port), str(size)]), stdout=subprocess.PIPE, text=True)

    def assert_came_back(self, client, size):
        out, _ = client.communicate(timeout=240)
        self.assertEqual(out.strip(), hashlib.sha256(b"0123456789abcdef" * (size // 16)).hexdigest())

    def test_a_pair_meets_and_works_through_a_relay_over_udp(self):
        self.meet(self.urls[0])
        path = self.laptop.peer("office")["path"]
        self.assertEqual((path["kind"], path["remote"], path["relay"]), ("relayed", None, self.urls[0]))
        size = 32 << 20
        self.assert_came_back(self.client(size), size)
        listed, = self.office.json("relay", "list")
        self.assertEqual((listed["state"], listed["operator"], listed["country"]), ("ready", "Ann", "FR"))
        self.assertEqual(listed["observed"].rsplit(":", 1)[0], "10.76.1.2")
        records = [json.loads(line) for line in self.office.run("audit", "show", "--json").splitlines()]
        connected = next(record for record in records if record["type"] == "connected")
        self.assertIn(f"relayed by {self.urls[0]} (FR)", json.dumps(connected, ensure_ascii=False))

    def test_the_same_over_websocket(self):
        self.meet(self.urls[1])
        self.assertEqual(self.laptop.peer("office")["path"]["kind"], "relayed")
        size = 8 << 20
        self.assert_came_back(self.client(size), size)

    def test_an_open_connection_goes_on_when_the_relay_is_killed_and_started_again(self):
        self.meet(self.urls[0])
        size = 256 << 20
        client = self.client(size)
        self.stop_relay(self.relay)
        self.start_relay()
        self.assert_came_back(client, size)

    def test_a_revoked_device_is_out_at_once_through_the_relay_too(self):
        self.meet(self.urls[0])
        self.office.json("revoke", "laptop")
        eventually(lambda: self.laptop.peer("office")["state"] == "revoked", 60, "the laptop was told")


if __name__ == "__main__":
    unittest.main()
