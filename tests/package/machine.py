"""A clean Debian with systemd running, in a container without a network: root on it, or any of its users."""

import contextlib
import os
import shutil
import subprocess
import threading
import time

SUITE = "bookworm"
# What a Debian server has anyway; the package must bring all else by itself.
BASE = "systemd-sysv,dbus,libpam-systemd,ca-certificates"


def mirror():
    """Where the tree comes from: where this machine itself has Debian from, unless told."""
    targets = ["apt-get", "indextargets", "--format", "$(SITE)", f"Codename: {SUITE}", "Component: main", "Created-By: Packages"]
    return os.environ.get("DEBIAN_MIRROR") or subprocess.run(targets, check=True, capture_output=True, text=True).stdout.split("\n")[0]


def bootstrap(tree):
    subprocess.run(["debootstrap", "--variant=minbase", f"--include={BASE}", SUITE, tree, mirror()], check=True,
                   stdout=subprocess.DEVNULL)


def eventually(condition, seconds, what):
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        pause.wait(0.1)


class Refused(Exception):
    def __init__(self, command, done):
        self.code, self.text = done.returncode, done.stderr + done.stdout
        super().__init__(f"{' '.join(command)}: exit {self.code}: {self.text[-2000:]}")


class Machine:
    """A tree on disk, and its systemd while it runs."""

    def __init__(self, tree):
        self.tree, self.process, self.leader = tree, None, None

    def path(self, name):
        return os.path.join(self.tree, name.lstrip("/"))

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def fetch_dependencies(self, package):
        """Into its package cache, while it still shares this computer's network."""
        name = "/root/" + os.path.basename(package)
        shutil.copy(package, self.path(name))
        command = ["chroot", self.tree, "apt-get", "install", "-qq", "-y", "--no-install-recommends", "--download-only", name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})

    @contextlib.contextmanager
    def running(self):
        # This process's own name for the container's cgroup; it needs no help from this computer's systemd.
        self.process = subprocess.Popen(["systemd-nspawn", "-q", "-D", self.tree, "--register=no", "--keep-unit",
                                         "--private-network", "--boot", "systemd.unified_cgroup_hierarchy=0"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.leader = eventually(self.find_leader, 60, "the machine starts")
            eventually(lambda: self.try_run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"), 120,
                       "the machine has started")
            yield self
        finally:
            self.process.terminate()  # asks its systemd to power off
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def find_leader(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            for child in children.read().split():
                with open(f"/proc/{child}/comm") as name:
                    if name.read().strip() == "systemd":
                        return child
        return None

    def try_run(self, *command, user=None, input=None, timeout=300):
        if user:
            number = self.user_id(user)
            command = ["setpriv", f"--reuid={number}", f"--regid={number}", "--init-groups", "--reset-env", "env",
                       f"XDG_RUNTIME_DIR=/run/user/{number}", "PATH=/usr/bin:/bin", *command]
        inside = ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "env", "-i",
                  "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", "HOME=/root", *command]
        return subprocess.run(inside, input=input, capture_output=True, text=True, timeout=timeout)

    def run(self, *command, **options):
        done = self.try_run(*command, **options)
        if done.returncode != 0:
            raise Refused(command, done)
        return done.stdout

    def user_id(self, user):
        with open(self.path("/etc/passwd")) as users:
            return next(line.split(":")[2] for line in users if line.startswith(user + ":"))

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()
