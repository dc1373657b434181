"""Office and laptop in networks that do not reach one another: they meet, pair and work through a relay."""

import hashlib
import json
import os
import signal
import subprocess
import unittest

from bridge import eventually
from networks import ThreeNetworks

# Sends so many bytes, reads as many back, prints the hash of what came.
CLIENT = """
import hashlib,socket,sys,threading
c=socket.create_connection((sys.argv[1],int(sys.argv[2]))); n=int(sys.argv[3]); data=b'0123456789abcdef'*(n//16)
threading.Thread(target=lambda:(c.sendall(data),c.shutdown(1)),daemon=True).start()
h=hashlib.sha256()
while d:=c.recv(65536): h.update(d)
print(h.hexdigest())
"""

# Has a line echoed now, and another one when it is told to.
PATIENT = """
import socket,sys
c=socket.create_connection((sys.argv[1],int(sys.argv[2])))
for line in (b'before',b'after!'):
  c.sendall(line); assert c.recv(6,socket.MSG_WAITALL)==line; print(line.decode(),flush=True); sys.stdin.readline()
"""

# Whatever is connected to, this answers, as networks in hotels do until somebody has agreed.
PORTAL = """
import socket,threading
l=socket.create_server(('0.0.0.0',8080))
def serve(c):
  try:
    c.recv(4096); c.sendall(b'HTTP/1.1 302 Found\\r\\nLocation: http://portal.example/agree\\r\\nContent-Length: 0\\r\\n\\r\\n'); c.close()
  except OSError: pass
while True: threading.Thread(target=serve,args=(l.accept()[0],),daemon=True).start()
"""
CAPTIVE = """table ip portal {
  chain redirected { type nat hook prerouting priority dstnat; iifname "to-laptop" tcp dport != 8080 counter name turned redirect to :8080; }
  chain silent { type filter hook prerouting priority filter; iifname "to-laptop" meta l4proto udp drop; }
  counter turned { }
}"""


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class Relayed(ThreeNetworks):
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

    def test_the_relay_writes_down_nothing_of_who_has_met(self):
        self.meet(self.urls[0])
        self.office.json("relay", "add", self.urls[1])
        self.assert_came_back(self.client(1 << 20), 1 << 20)
        self.stop_relay(self.relay, signal.SIGTERM)
        with open(os.path.join(self.folder, "relay.log")) as file:
            said = file.read()
        self.assertEqual([json.loads(line)["event"] for line in said.splitlines()], ["relay_ready", "ready", "relay_draining"])
        for told in ("10.76.1.", "10.76.2.", *(node.json("status")["node"]["id"] for node in (self.office, self.laptop))):
            self.assertNotIn(told, said)
        self.assertEqual(sorted(os.listdir(self.relay_state)), ["config.toml", "daemon.lock", "relay.key"])

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

    def in_relay_network(self, *command, **options):
        return subprocess.run(["ip", "netns", "exec", self.relay_network, *command], check=True, text=True, **options)

    def test_an_open_connection_goes_on_after_a_captive_portal_has_let_nothing_out_for_a_while(self):
        self.meet(self.urls[0])
        self.office.json("relay", "add", self.urls[1])  # which the portal answers
        client = subprocess.Popen(self.laptop.inside(["python3", "-c", PATIENT, self.host, str(self.port)]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(client.kill)
        self.assertEqual(client.stdout.readline(), "before\n")
        eventually(lambda: self.laptop.json("why", "office")["facts"]["relays"], 60, "the laptop knows of the relay")
        portal = subprocess.Popen(["ip", "netns", "exec", self.relay_network, "python3", "-c", PORTAL])
        self.addCleanup(lambda: (portal.kill(), portal.wait()))
        self.in_relay_network("nft", "-f", "-", input=CAPTIVE)
        eventually(lambda: self.laptop.json("why", "office")["cause"] == "captive_portal", 120, "the laptop says what answers in the relay's place")
        outlet = self.laptop.json("netcheck")["outlet"]
        self.assertEqual((outlet["code"], outlet["remedy"]), ("captive_portal", "Open a web page and sign in; Drawbridge goes on by itself."))
        turned = self.in_relay_network("nft", "list", "counters", "table", "ip", "portal", capture_output=True).stdout
        self.assertNotIn("packets 0", turned)  # the WebSocket was tried, and met the portal
        self.in_relay_network("nft", "delete", "table", "ip", "portal")
        self.assertEqual(client.communicate("\n", timeout=240)[0], "after!\n")
        eventually(lambda: self.laptop.peer("office")["state"] == "connected", 120, "they are connected again")

    def test_a_revoked_device_is_out_at_once_through_the_relay_too(self):
        self.meet(self.urls[0])
        self.office.json("revoke", "laptop")
        eventually(lambda: self.laptop.peer("office")["state"] == "revoked", 60, "the laptop was told")


if __name__ == "__main__":
    unittest.main()
