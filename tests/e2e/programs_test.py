"""Programs that small offices run, unmodified, over the bridge: a cache, a calendar, file shares, backups, telephony, sync."""

import os
import subprocess
import unittest
import urllib.parse

from bridge import BridgeTest, eventually, pair
from browser import Browser, url_of
from servers import OpenSsh, answers, end, free_port

# rsync's test copies so many; by hand: FILES=100000.
FILES = int(os.environ.get("FILES", 3_000))

EVENT = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//EN\r
BEGIN:VEVENT\r
UID:meeting-1\r
DTSTAMP:20260101T080000Z\r
DTSTART:20260102T090000Z\r
DTEND:20260102T100000Z\r
SUMMARY:Reading of a will\r
END:VEVENT\r
END:VCALENDAR\r
"""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, stdin=subprocess.DEVNULL, **options)
    if done.returncode:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


class Programs(BridgeTest):
    def serve(self, *command, port):
        with open(self.path("program.log"), "w") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(end, process)
        eventually(lambda: answers(port), 60, f"{command[0]} serves")

    def reach(self, name, target):
        """The address at which the laptop finds the service."""
        self.office.json("expose", name, target)
        pair(self.office, self.laptop, "--allow", name)
        return self.laptop.address_of(name)

    def test_redis_keeps_values_passes_messages_and_serves_fifty_clients(self):
        port = free_port()
        self.serve("redis-server", "--port", str(port), "--save", "", "--dir", self.folder, port=port)
        host, port = self.reach("redis", f"127.0.0.1:{port}")
        redis = ("redis-cli", "-h", host, "-p", str(port))
        self.assertEqual(run(*redis, "set", "client", "Ann Doe").strip(), "OK")
        self.assertEqual(run(*redis, "get", "client").strip(), "Ann Doe")
        listener = subprocess.Popen([*redis, "subscribe", "news"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (listener.kill(), listener.wait(), listener.stdout.close()))
        for _ in range(3):
            listener.stdout.readline()
        run(*redis, "publish", "news", "hello")
        self.assertEqual([listener.stdout.readline().strip() for _ in range(3)], ["message", "news", "hello"])
        figures = run("redis-benchmark", "-h", host, "-p", str(port), "-c", "50", "-n", "5000", "-t", "get,set", "--csv")
        self.assertIn('"GET"', figures)

    def test_radicale_keeps_a_calendar_for_the_device_that_the_office_names(self):
        port = free_port()
        with open(self.path("radicale.conf"), "w") as file:
            file.write(f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\n[storage]\nfilesystem_folder = {self.path('collections')}\n")
        self.serve("radicale", "--config", self.path("radicale.conf"), port=port)
        self.reach("calendar", f"http://127.0.0.1:{port}")
        browser = Browser(url_of(self.laptop, "calendar"))
        path = "/ann/appointments/"
        status, _, body = browser.ask("MKCOL", "/ann/", headers={"Sec-Fetch-Site": "none"})
        self.assertEqual(status, 201, body)
        status, _, body = browser.ask("MKCALENDAR", path, headers={"Sec-Fetch-Site": "none"})
        self.assertEqual(status, 201, body)
        status, _, body = browser.ask("PUT", path + "meeting-1.ics", EVENT, {"Content-Type": "text/calendar", "Sec-Fetch-Site": "none"})
        self.assertEqual(status, 201, body)
        status, _, body = browser.ask("PROPFIND", path, headers={"Depth": "1", "Sec-Fetch-Site": "none"})
        self.assertEqual(status, 207)
        self.assertIn(b"meeting-1.ics", body)
        self.assertIn(b"Reading of a will", browser.ask("GET", path + "meeting-1.ics")[2])
        status, headers, body = browser.ask("GET", "/")
        while status in (301, 302, 303):
            status, headers, body = browser.ask("GET", urllib.parse.urlsplit(urllib.parse.urljoin(headers.get("Location"), "")).path)
        self.assertIn(b"Radicale", body)

    def test_samba_serves_a_share(self):
        port = free_port()
        for folder in ("share", "samba"):
            os.makedirs(self.path(folder))
        with open(self.path("smb.conf"), "w") as file:
            file.write(f"[global]\nserver role = standalone server\nsmb ports = {port}\ninterfaces = lo\nbind interfaces only = yes\n"
                       "map to guest = bad user\ndisable netbios = yes\nload printers = no\nprintcap name = /dev/null\n"
                       + "".join(f"{name} directory = {self.path('samba')}\n" for name in ("private", "lock", "state", "cache", "pid"))
                       + f"ncalrpc dir = {self.path('samba')}\nlog file = {self.path('samba/log')}\n"
                       f"[files]\npath = {self.path('share')}\nguest ok = yes\nread only = no\nforce user = {os.environ.get('USER') or 'root'}\n")
        self.serve("smbd", "--foreground", "--no-process-group", "--configfile", self.path("smb.conf"), port=port)
        host, port = self.reach("share", f"127.0.0.1:{port}")
        sent, back = self.path("sent.bin"), self.path("back.bin")
        with open(sent, "wb") as file:
            file.write(os.urandom(20 << 20))
        client = ("smbclient", "--no-pass", "--port", str(port), f"//{host}/files", "-c")
        run(*client, f"mkdir letters; put {sent} letters/sent.bin; get letters/sent.bin {back}; ls letters/*")
        self.assertEqual(run("cmp", sent, back), "")
        self.assertEqual(run("cmp", sent, self.path("share/letters/sent.bin")), "")

    def test_restic_backs_up_to_the_shared_folder_and_restores(self):
        share, documents, restored = self.path("share"), self.path("documents"), self.path("restored")
        os.mkdir(share)
        for number in range(40):
            os.makedirs(os.path.join(documents, f"case {number % 4}"), exist_ok=True)
            with open(os.path.join(documents, f"case {number % 4}", f"letter {number}.bin"), "wb") as file:
                file.write(os.urandom(number * 20_000))
        host, port = self.reach("backups", f"folder:{share}")
        environment = {**os.environ, "RCLONE_CONFIG": self.path("rclone.conf"), "RCLONE_CONFIG_OFFICE_TYPE": "webdav",
                       "RCLONE_CONFIG_OFFICE_URL": f"http://{host}:{port}/", "RESTIC_PASSWORD": "open sesame",
                       "RESTIC_CACHE_DIR": self.path("cache"), "RESTIC_REPOSITORY": "rclone:office:backups"}
        for words in (["init"], ["backup", documents], ["check", "--read-data"], ["restore", "latest", "--target", restored]):
            run("restic", "--quiet", *words, env=environment)
        self.assertEqual(run("diff", "-r", documents, restored + documents), "")

    def test_sip_calls_are_set_up_and_ended(self):
        port = free_port()
        server = subprocess.Popen(["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-nostdin"], cwd=self.folder,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(end, server)
        host, port = self.reach("telephone", f"udp:127.0.0.1:{port}")
        done = subprocess.run(["sipp", "-sn", "uac", f"{host}:{port}", "-i", "127.0.0.1", "-p", str(free_port()), "-m", "50", "-r", "25", "-d", "500",
                               "-nostdin", "-timeout", "120s", "-trace_screen", "-screen_file", self.path("screen")],
                              cwd=self.folder, capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-2000:])  # 0: every call went through

    def test_rsync_copies_many_small_files(self):
        sshd = OpenSsh(self)
        self.reach("ssh", f"127.0.0.1:{sshd.port}")
        host, port = self.laptop.address_of("ssh")
        options = [*sshd.write_client_config("none"), "-o", f"HostName={host}", "-o", "HostKeyAlias=office", "-o", f"Port={port}"]
        source, target = self.path("tree"), self.path("copy")
        for number in range(FILES):
            folder = os.path.join(source, str(number % 100))
            if number < 100:
                os.makedirs(folder)
            with open(os.path.join(folder, str(number)), "w") as file:
                file.write(f"{number}\n" * (number % 50))
        run("rsync", "-a", "-e", " ".join(["ssh", *options]), source + "/", f"office:{target}/")
        self.assertEqual(run("diff", "-r", source, target), "")


if __name__ == "__main__":
    unittest.main()
