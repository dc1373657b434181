"""Office and laptop in networks of their own, which only a relay's computer joins. Needs root."""

import json
import os
import signal
import subprocess

from bridge import DAEMON, BridgeTest, eventually

SERVER = """
import socket,threading
l=socket.create_server(('127.0.0.1',5555))
def serve(c):
  while d:=c.recv(65536): c.sendall(d)
  c.shutdown(1)
while True: threading.Thread(target=serve,args=(l.accept()[0],),daemon=True).start()
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


class ThreeNetworks(BridgeTest):
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
