#!/usr/bin/env python3
"""Drawbridge beside raw TCP and `ssh -L`, in one run, in two network namespaces joined by a veth pair (MTU 1500).

usage: compare.py BUILD_DIR [--rounds N] [--mib N]        prints a Markdown table; needs root

What counts is the ratio within one run: figures of a shared machine move. CPU seconds are user + system of both ends'
processes per GiB carried.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("build")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--mib", type=int, default=1024)
options = parser.parse_args()
BUILD = os.path.abspath(options.build)
os.environ["DRAWBRIDGE_BUILD"] = BUILD
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from bridge import Node, eventually, pair  # noqa: E402

LOAD = f"{BUILD}/tests/bench/load"
OFFICE, LAPTOP = f"dbbench-office-{os.getpid()}", f"dbbench-laptop-{os.getpid()}"
TICKS = os.sysconf("SC_CLK_TCK")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def inside(namespace, *arguments):
    return ["ip", "netns", "exec", namespace, *arguments]


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def descendants(pid):
    found = [pid]
    for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
        found += descendants(int(child))
    return found


def load(*arguments):
    done = subprocess.run(inside(LAPTOP, LOAD, *map(str, arguments)), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"load {arguments}: {done.stderr}")
    return [float(word) for word in done.stdout.split()]


class Subject:
    """One way from the laptop to the office's load server: where to connect, and whose CPU time counts."""

    def __init__(self, name, host, port, processes):
        self.name, self.host, self.port, self.processes = name, host, port, processes

    def bulk(self, direction, streams):
        pids = self.processes()
        before = cpu_seconds(pids)
        rate, = load("bulk", self.host, self.port, direction, streams, options.mib)
        return rate, (cpu_seconds(pids) - before) / (options.mib / 1024)

    def ping_beside_download(self):
        """A download that saturates the path for as long as the ping takes."""
        endless = inside(LAPTOP, LOAD, "bulk", self.host, str(self.port), "down", "1", str(1024 * 1024))
        download = subprocess.Popen(endless, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            load("ping", self.host, self.port, 200)  # until it runs at full speed
            figures = load("ping", self.host, self.port, 2000)
            if download.poll() is not None:
                raise RuntimeError("the download ended before the ping did")
            return figures
        finally:
            download.kill()
            download.wait()

    def measure(self):
        figures = {}
        for direction in ("down", "up"):
            for streams in (1, 8):
                rate, cpu = self.bulk(direction, streams)
                figures[f"{direction}, {streams} stream{'s' * (streams > 1)}, Mbit/s"] = rate
                figures[f"{direction}, {streams} stream{'s' * (streams > 1)}, CPU s/GiB"] = cpu
        p50, p99 = load("ping", self.host, self.port, 3000)
        figures["ping-pong of 1 byte, p50 µs"], figures["ping-pong of 1 byte, p99 µs"] = p50, p99
        p50, p99 = self.ping_beside_download()
        figures["the same beside a download, p50 µs"], figures["the same beside a download, p99 µs"] = p50, p99
        figures["new connections one after another, /s"], = load("connect", self.host, self.port, 1000)
        return figures


def start_ssh(folder, cipher, port):
    for name in ("host", "user"):
        if not os.path.exists(f"{folder}/{name}"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{name}"], check=True)
    shutil.copy(f"{folder}/user.pub", f"{folder}/authorized")
    server_port = port + 1000
    with open(f"{folder}/sshd_{port}", "w") as file:
        file.write(f"Port {server_port}\nListenAddress 10.75.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
                   "StrictModes no\nPidFile none\nUsePAM no\nPermitRootLogin yes\n")
    os.makedirs("/run/sshd", exist_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    server = subprocess.Popen(inside(OFFICE, "/usr/sbin/sshd", "-D", "-f", f"{folder}/sshd_{port}"), **quiet)
    client = subprocess.Popen(inside(LAPTOP, "ssh", "-N", "-c", cipher, "-i", f"{folder}/user", "-o", "StrictHostKeyChecking=no", "-o",
                                     "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "ConnectionAttempts=20",
                                     "-L", f"127.0.0.1:{port}:10.75.0.1:8100", "-p", str(server_port), "root@10.75.0.1"), **quiet)
    return server, client


def can_connect(host, port):
    return subprocess.run(inside(LAPTOP, LOAD, "ping", host, str(port), "1"), capture_output=True).returncode == 0


def main():
    folder = tempfile.mkdtemp(prefix="drawbridge-bench-")
    running = []
    try:
        for name in (OFFICE, LAPTOP):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "cable", "netns", OFFICE, "type", "veth", "peer", "name", "cable", "netns", LAPTOP)
        for name, address in ((OFFICE, "10.75.0.1/24"), (LAPTOP, "10.75.0.2/24")):
            ip("-n", name, "address", "add", address, "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
        running.append(subprocess.Popen(inside(OFFICE, LOAD, "serve", "0.0.0.0", "8100"), stdout=subprocess.DEVNULL))
        eventually(lambda: can_connect("10.75.0.1", 8100), 20, "the load server answers")
        subjects = [Subject("raw TCP", "10.75.0.1", 8100, lambda: [])]
        for cipher, port in (("aes128-gcm@openssh.com", 8201), ("chacha20-poly1305@openssh.com", 8202)):
            server, client = start_ssh(folder, cipher, port)
            running += [server, client]
            eventually(lambda p=port: can_connect("127.0.0.1", p), 20, f"ssh with {cipher}")
            subjects.append(Subject(f"ssh -L {cipher.split('@')[0]}", "127.0.0.1", port,
                                    lambda s=server, c=client: descendants(s.pid) + descendants(c.pid)))
        office = Node(folder, "office", listen="0.0.0.0:7470", namespace=OFFICE)
        laptop = Node(folder, "laptop", listen="0.0.0.0:0", namespace=LAPTOP)
        for node in (office, laptop):
            node.init()
            node.start()
        running += [office.process, laptop.process]
        office.run("expose", "load", "127.0.0.1:8100")
        pair(office, laptop, "--allow", "load")
        host, port = laptop.address_of("load")
        eventually(lambda: can_connect(host, port), 20, "the bridge answers")
        idle = resident_mib(office.process.pid), resident_mib(laptop.process.pid)
        subjects.append(Subject("Drawbridge", host, port, lambda: [office.process.pid, laptop.process.pid]))

        rounds = [[subject.measure() for subject in subjects] for _ in range(options.rounds)]
        loaded = resident_mib(office.process.pid), resident_mib(laptop.process.pid)
        print("| measure | " + " | ".join(s.name for s in subjects) + " |\n|---|" + "---|" * len(subjects))
        for row in rounds[0][0]:
            cells = [statistics.median(one[i][row] for one in rounds) for i in range(len(subjects))]
            print(f"| {row} | " + " | ".join("–" if "CPU" in row and i == 0 else f"{v:,.2f}" if v < 10 else f"{v:,.0f}" for i, v in enumerate(cells)) + " |")
        print(f"\nDrawbridge's resident memory, office and laptop: idle {idle[0]:.1f} and {idle[1]:.1f} MiB, "
              f"after the load {loaded[0]:.1f} and {loaded[1]:.1f} MiB.")
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
        for name in (OFFICE, LAPTOP):
            subprocess.run(["ip", "netns", "del", name])
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
