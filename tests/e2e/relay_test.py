"""The relay as a program: alone with no identity, beside an office, draining, and what its operator sees."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from bridge import BUILD, DAEMON, BridgeTest, eventually
from servers import answers, end, free_port

BENCH = os.path.join(BUILD, "tests", "bench", "relay_bench")


class RelayProcess:
    """drawbridged --relay alone, in a folder of its own."""

    def __init__(self, folder, name="relay", settings=""):
        self.state = os.path.join(folder, name)
        self.log = os.path.join(folder, name + ".log")
        os.makedirs(self.state, mode=0o700, exist_ok=True)
        with open(os.path.join(self.state, "config.toml"), "w") as file:
            file.write('[relay]\ndrain_seconds = 1\n' + settings)
        self.process = None

    def start(self, *arguments):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([DAEMON, "--state", self.state, "--relay", "--log", "json", *arguments], stdout=log, stderr=log)
        self.urls = eventually(self.ready, 60, "the relay is ready")["listen"]
        return self

    def events(self):
        with open(self.log) as log:
            return [json.loads(line) for line in log if line.startswith("{")]

    def ready(self):
        return next((event for event in self.events() if event["event"] == "ready"), None)

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=60)


class RelayTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="drawbridge-relay-")
        self.relays = []

    def tearDown(self):
        for relay in self.relays:
            if relay.process and relay.process.poll() is None:
                relay.process.kill()
                relay.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def relay(self, **options):
        relay = RelayProcess(self.folder, **options)
        self.relays.append(relay)
        return relay

    def test_a_relay_needs_no_identity_and_keeps_its_key(self):
        relay = self.relay().start("--listen", "127.0.0.1:0")
        self.assertTrue(relay.urls[0].startswith("udp://127.0.0.1:"))
        key = relay.urls[0].split("#")[1]
        self.assertEqual(os.stat(os.path.join(relay.state, "relay.key")).st_mode & 0o777, 0o600)
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(relay.start("--listen", "127.0.0.1:0").urls[0].split("#")[1], key)
        self.assertEqual(relay.stop(), 0)
        self.assertIn("relay_draining", [event["event"] for event in relay.events()])

    def test_a_stranger_receives_nothing(self):
        relay = self.relay().start("--listen", "127.0.0.1:0")
        host, port = relay.urls[0].split("#")[0][6:].rsplit(":", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.settimeout(0.5)
            for size in (1, 9, 80, 1200):
                for kind in range(9):
                    stranger.sendto(bytes([kind]) + os.urandom(size), (host, int(port)))
            with self.assertRaises(socket.timeout):
                stranger.recv(2000)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=relay.example", "-days", "2",
                        "-keyout", self.path("key.pem"), "-out", self.path("certificate.pem")], check=True, capture_output=True)

    def meets(self, url, mebibytes="5"):
        """A pair meets by this URL and moves data, which is compared."""
        done = subprocess.run([BENCH, "pair", url, mebibytes], capture_output=True, text=True, timeout=240)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def page(self, url, *options):
        return subprocess.run(["curl", "--silent", "--insecure", "--max-time", "10", *options, url], capture_output=True, text=True, timeout=60).stdout

    def test_a_pair_meets_over_websocket_and_the_metrics_count_it_without_names(self):
        metrics = free_port()
        relay = self.relay(settings=f'listen = ["127.0.0.1:0"]\nwebsocket = ["127.0.0.1:0"]\nmetrics = ["127.0.0.1:{metrics}"]\noperator = "Ann"\ncountry = "FR"\n').start()
        self.meets(relay.urls[1])
        text = self.page(f"http://127.0.0.1:{metrics}/metrics")
        self.assertIn("drawbridge_relay_sessions_total 2\n", text)
        self.assertNotIn("127.0.0.1", text)
        site = relay.urls[1].split("#")[0].replace("ws://", "http://").replace("/relay", "")
        self.assertIn("Operator: Ann, FR", self.page(site + "/"))
        self.assertEqual(self.page(site + "/metrics", "--write-out", "%{http_code}", "--output", "/dev/null"), "404")

    def test_a_certificate_is_read_again_without_a_restart(self):
        self.certificate()
        relay = self.relay(settings=f'listen = ["127.0.0.1:0"]\nwebsocket = ["127.0.0.1:0"]\ncertificate = "{self.path("certificate.pem")}"\nkey = "{self.path("key.pem")}"\n').start()
        port = relay.urls[1].split("#")[0].rsplit(":", 1)[1]

        def serial():
            shown = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}"], input="", capture_output=True, text=True, timeout=60)
            return subprocess.run(["openssl", "x509", "-noout", "-serial"], input=shown.stdout, capture_output=True, text=True, timeout=60).stdout
        first = serial()
        self.meets(relay.urls[1])
        self.certificate()
        relay.process.send_signal(signal.SIGHUP)
        eventually(lambda: serial() != first, 60, "the new certificate is shown")
        self.meets(relay.urls[1])

    def test_behind_nginx_with_tls(self):
        self.certificate()
        relay = self.relay(settings='listen = ["127.0.0.1:0"]\nwebsocket = ["127.0.0.1:0"]\ntrusted_proxies = ["127.0.0.1"]\n').start()
        inner = relay.urls[1].split("#")[0].replace("ws://", "")
        port, base = free_port(), self.path("nginx")
        os.mkdir(base)
        with open(base + "/nginx.conf", "w") as file:
            file.write(f"""daemon off; pid {base}/pid; worker_processes 1; {'user root;' if os.geteuid() == 0 else ''} events {{}}
                http {{ access_log off; client_body_temp_path {base}/body; proxy_temp_path {base}/proxy; fastcgi_temp_path {base}/fastcgi;
                uwsgi_temp_path {base}/uwsgi; scgi_temp_path {base}/scgi;
                server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {self.path("certificate.pem")}; ssl_certificate_key {self.path("key.pem")};
                location = /relay {{ proxy_pass http://{inner if "/" in inner else inner + "/relay"}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection upgrade; proxy_set_header X-Forwarded-For $remote_addr; proxy_read_timeout 120s; proxy_buffering off; }} }} }}""")
        nginx = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-e", f"{base}/error.log", "-c", f"{base}/nginx.conf"])
        self.addCleanup(lambda: end(nginx))
        eventually(lambda: answers(port), 60, "nginx serves")
        self.meets(f"wss://127.0.0.1:{port}#" + relay.urls[1].split("#")[1])

    def test_a_wrong_setting_is_named_with_its_line(self):
        relay = self.relay(settings="operater = 'x'\n")
        done = subprocess.run([DAEMON, "--state", relay.state, "--relay"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("config.toml:3:1", done.stderr)
        self.assertIn("'operator'", done.stderr)


class BesideAnOffice(BridgeTest):
    start_them = False

    def test_an_office_may_be_a_relay_too_under_another_key(self):
        self.office.init()
        with open(os.path.join(self.office.state, "config.toml"), "w") as file:
            file.write('[relay]\nlisten = ["127.0.0.1:0"]\n')
        self.office.start("--relay", "--log", "json")

        def told():
            with open(self.office.log) as log:
                lines = [json.loads(line) for line in log if line.startswith("{")]
            return next((line for line in lines if line["event"] == "relay_ready"), None)
        url = eventually(told, 60, "the relay is ready")["addresses"][0]
        self.assertNotIn(self.office.json("status")["node"]["id"], url)
        self.assertEqual(self.office.stop(), 0)


if __name__ == "__main__":
    unittest.main()
