"""The shared folder as WebDAV: litmus, rclone, and a mount."""

import os
import re
import shutil
import signal
import subprocess
import unittest
import urllib.request

from bridge import BridgeTest, eventually, pair


class Dav(BridgeTest):
    def setUp(self):
        super().setUp()
        self.share = self.path("share")
        os.mkdir(self.share)
        self.office.json("expose", "files", f"folder:{self.share}")
        pair(self.office, self.laptop, "--allow", "files")
        host, port = self.laptop.address_of("files")
        self.url = f"http://{host}:{port}/"

    def test_litmus_finds_nothing_wrong(self):
        done = subprocess.run(["litmus", self.url], capture_output=True, text=True, timeout=300, cwd=self.folder)
        summaries = re.findall(r"summary for `(\w+)': of (\d+) tests run: (\d+) passed", done.stdout)
        self.assertEqual({name for name, _, _ in summaries}, {"basic", "copymove", "props", "locks", "http"}, done.stdout)
        self.assertEqual([ran for _, ran, passed in summaries if ran != passed], [], done.stdout)

    def test_rclone_copies_there_and_back(self):
        local = self.path("local")
        for name, size in (("a.txt", 10), ("deep/er/b.bin", 3 << 20), ("Ünïcode & <odd> 'names'.txt", 5), ("empty", 0)):
            path = os.path.join(local, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(os.urandom(size))
        remote = f":webdav,url='{self.url}':"
        rclone = ["rclone", "--config", self.path("rclone.conf")]
        subprocess.run([*rclone, "copy", local, remote], check=True, capture_output=True, timeout=300)
        subprocess.run([*rclone, "check", "--download", local, remote], check=True, capture_output=True, timeout=300)
        subprocess.run([*rclone, "sync", remote, self.path("back")], check=True, capture_output=True, timeout=300)
        self.assertEqual(subprocess.run(["diff", "-r", local, self.path("back")]).returncode, 0)
        subprocess.run([*rclone, "purge", remote + "deep"], check=True, capture_output=True, timeout=300)
        self.assertFalse(os.path.exists(os.path.join(self.share, "deep")))

    # A desktop's file manager. Not among the packages of the tests: apt-get install gvfs-backends dbus-daemon.
    @unittest.skipUnless(shutil.which("gio") and shutil.which("dbus-run-session") and os.path.exists("/usr/libexec/gvfsd-dav"), "needs gvfs-backends")
    def test_gio_mounts_it_as_file_managers_do(self):
        with open(os.path.join(self.share, "contract.txt"), "w") as file:
            file.write("signed\n")
        with open(self.path("scan.pdf"), "w") as file:
            file.write("scanned\n")
        dav = self.url.replace("http://", "dav://")
        steps = f"""gio mount {dav} && gio cat {dav}contract.txt && gio mkdir {dav}Letters && gio copy {self.path('scan.pdf')} {dav}Letters/scan.pdf &&
            gio move {dav}Letters/scan.pdf {dav}letter.pdf && gio list {dav} && gio remove {dav}contract.txt && gio mount -u {dav}"""
        done = subprocess.run(["dbus-run-session", "--", "sh", "-c", steps], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(done.stdout.split()), ["Letters", "contract.txt", "letter.pdf", "signed"])
        self.assertEqual(sorted(os.listdir(self.share)), ["Letters", "letter.pdf"])
        with open(os.path.join(self.share, "letter.pdf")) as file:
            self.assertEqual(file.read(), "scanned\n")

    @unittest.skipUnless(os.path.exists("/dev/fuse") and os.geteuid() == 0 and shutil.which("mount.davfs"), "needs FUSE, root and davfs2")
    def test_davfs2_mounts_it(self):
        mount = self.path("mount")
        os.mkdir(mount)
        with open(self.path("davfs2.conf"), "w") as file:
            file.write("ask_auth 0\ndelay_upload 0\n")
        # Root's mount is served by a process of the user davfs2, who has to be let in.
        os.chmod(self.folder, 0o711)
        with open(os.path.join(self.laptop.state, "config.toml"), "w") as file:
            file.write('local_users = ["davfs2"]\n')
        self.laptop.signal(signal.SIGHUP)
        def reloaded():
            with open(self.laptop.log) as log:
                return "config reloaded" in log.read()
        eventually(reloaded, 60, "the laptop has read its settings")
        done = subprocess.run(["mount.davfs", self.url, mount, "-o", f"conf={self.path('davfs2.conf')}"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        if done.returncode != 0:
            self.skipTest(f"this machine does not let davfs2 mount: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", mount], capture_output=True)
        with open(os.path.join(mount, "note.txt"), "w") as file:
            file.write("from the laptop")
        def arrived():
            try:
                with open(os.path.join(self.share, "note.txt")) as file:
                    return file.read() == "from the laptop"
            except FileNotFoundError:
                return False
        eventually(arrived, 120, "the file is at the office")
        os.rename(os.path.join(mount, "note.txt"), os.path.join(mount, "renamed.txt"))
        eventually(lambda: os.path.exists(os.path.join(self.share, "renamed.txt")), 120, "the file is renamed at the office")

    def test_a_folder_of_fifty_thousand_files_does_not_keep_others_waiting(self):
        for number in range(50_000):
            open(os.path.join(self.share, f"{number:05}.txt"), "w").close()
        listing = subprocess.Popen(["curl", "-sS", "-X", "PROPFIND", "-H", "Depth: 1", self.url], stdout=subprocess.PIPE)
        asked = 0
        while listing.poll() is None and asked < 5:
            fetched = subprocess.run(["curl", "-sS", "--max-time", "60", "-o", "/dev/null", "-w", "%{http_code}", self.url + "00000.txt"], capture_output=True, text=True)
            self.assertEqual(fetched.stdout, "200")
            asked += 1
        out, _ = listing.communicate(timeout=240)
        self.assertEqual(out.count(b"<D:response>"), 50_001)
        self.assertTrue(out.rstrip().endswith(b"</D:multistatus>"))

    def test_the_room_that_is_left_is_told_as_the_disk_says(self):
        query = b'<?xml version="1.0"?><propfind xmlns="DAV:"><prop><quota-available-bytes/><quota-used-bytes/></prop></propfind>'
        request = urllib.request.Request(self.url, data=query, method="PROPFIND", headers={"Depth": "0", "Content-Type": "text/xml"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read().decode()
        told = {name: int(value) for name, value in re.findall(r"quota-(available|used)-bytes>(\d+)<", text)}
        disk = shutil.disk_usage(self.share)
        self.assertEqual(set(told), {"available", "used"}, text)
        for name, really in (("available", disk.free), ("used", disk.used)):
            self.assertLess(abs(told[name] - really), 1 << 30, name)  # others write to this disk meanwhile

    def test_a_read_only_folder_is_not_changed(self):
        with open(os.path.join(self.share, "a.txt"), "w") as file:
            file.write("kept")
        self.office.json("expose", "archive", f"folder:ro:{self.share}")
        self.office.json("allow", "laptop", "archive")
        host, port = self.laptop.address_of("archive")
        url = f"http://{host}:{port}/a.txt"
        for method in ("PUT", "DELETE"):
            done = subprocess.run(["curl", "-sS", "-X", method, "-d", "x", "-o", "/dev/null", "-w", "%{http_code}", url], capture_output=True, text=True)
            self.assertEqual(done.stdout, "403")
        self.assertEqual(subprocess.run(["curl", "-sS", url], capture_output=True, text=True).stdout, "kept")


if __name__ == "__main__":
    unittest.main()
