"""An office and a laptop on this machine, driven as a person would drive them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

BUILD = os.environ.get("DRAWBRIDGE_BUILD", "build")
CLI = os.path.join(BUILD, "cli", "drawbridge")
# The daemons would use it for relays.
for variable in ("https_proxy", "HTTPS_PROXY"):
    os.environ.pop(variable, None)
DAEMON = os.path.join(BUILD, "daemon", "drawbridged")


def eventually(condition, seconds, what):
    """Waits until condition() is true, and returns what it gave."""
    pause = threading.Event()
    deadline = monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        pause.wait(0.02)


def monotonic():
    import time
    return time.monotonic()


class Failed(Exception):
    """A command that ended with another exit code than 0."""

    def __init__(self, arguments, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        super().__init__(f"{' '.join(arguments)}: exit {self.code}: {self.err}{self.out}")

    @property
    def error(self):
        return json.loads(self.out)["error"]


class Node:
    """One computer: a state folder, and its daemon while it runs."""

    def __init__(self, folder, name, listen="127.0.0.1:0", namespace=None):
        self.state = os.path.join(folder, name)
        self.name, self.listen, self.namespace = name, listen, namespace
        self.log = os.path.join(folder, name + ".log")
        self.process = None

    def inside(self, arguments):
        """The command, run inside this computer's network."""
        return ["ip", "netns", "exec", self.namespace, *arguments] if self.namespace else list(arguments)

    def run(self, *arguments, input=None, timeout=120):
        """The command line; raises Failed unless it exits with 0."""
        command = self.inside([CLI, "--state", self.state, *arguments])
        done = subprocess.run(command, input=input, capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise Failed(arguments, done)
        return done.stdout

    def json(self, *arguments, **options):
        return json.loads(self.run(*arguments, "--json", **options))

    def run_code(self, *arguments):
        """The exit code of a command."""
        try:
            self.run(*arguments)
        except Failed as failed:
            return failed.code
        return 0

    def refused(self, *arguments, **options):
        """The error of a command that must fail: {"code", "message", "remedy", "exit"}."""
        try:
            out = self.run(*arguments, "--json", **options)
        except Failed as failed:
            return {**failed.error, "exit": failed.code}
        raise AssertionError(f"{' '.join(arguments)} was accepted: {out}")

    def init(self, *arguments, **options):
        return self.json("init", "--name", self.name, *arguments, **options)

    def start(self, *arguments):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(self.inside([DAEMON, "--state", self.state, "--listen", self.listen, *arguments]),
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.run("wait", "--ready", "--timeout", "60s")
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self):
        return self._end(signal.SIGKILL)

    def _end(self, number):
        if not self.process:
            return None
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.process = None
        return code

    def address_of(self, service):
        """(host, port) at which this device reaches a service."""
        def found():
            for offered in self.json("services"):
                if offered["name"] == service and offered["address"]:
                    return offered["address"].rsplit(":", 1)
        host, port = eventually(found, 60, f"{service} is offered to {self.name}")
        return host, int(port)

    def peer(self, name):
        return next((peer for peer in self.json("status")["peers"] if peer["name"] == name), None)

    def connected_to(self, name, seconds=60):
        self.run("wait", "--connected", name, "--timeout", f"{seconds}s")


def pair(office, device, *arguments):
    """Invites and joins; returns the device as the office lists it."""
    link = office.run("pair", "--link-only", "--name", device.name, *arguments).strip()
    device.json("join", link)
    office.connected_to(device.name)
    return next(entry for entry in office.json("devices") if entry["name"] == device.name)


class BridgeTest(unittest.TestCase):
    """A fresh office and laptop for each test, both initialised and started."""

    start_them = True

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="drawbridge-e2e-")
        self.nodes, self.cleanups = [], []
        self.office, self.laptop = self.make_nodes()
        if self.start_them:
            for node in (self.office, self.laptop):
                node.init()
                node.start()

    def make_nodes(self):
        return self.node("office"), self.node("laptop")

    def node(self, name, **options):
        node = Node(self.folder, name, **options)
        self.nodes.append(node)
        return node

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def tearDown(self):
        for node in self.nodes:
            if node.process:
                node.kill()
        if self.has_failed():
            self.print_logs()
        shutil.rmtree(self.folder, ignore_errors=True)

    def has_failed(self):
        result = self._outcome.result
        return any(test is self or getattr(test, "test_case", None) is self for test, _ in result.failures + result.errors)

    def print_logs(self):
        for node in self.nodes:
            if os.path.exists(node.log):
                with open(node.log) as log:
                    sys.stderr.write(f"--- {node.name}\n{log.read()[-6000:]}\n")
