#!/usr/bin/env python3
"""Drawbridge beside raw TCP and `ssh -L`, in one run, in two network namespaces joined by a veth pair (MTU 1500).

usage: compare.py BUILD_DIR [--rounds N] [--mib N]        prints a Markdown table; needs root

What counts is the ratio within one run: figures of a shared machine move. CPU seconds are user + system of both ends'
processes per GiB carried.
"""
import argparse
import os
import statistics
import subprocess

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("build")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--mib", type=int, default=1024)
options = parser.parse_args()
os.environ["DRAWBRIDGE_BUILD"] = os.path.abspath(options.build)
from cable import LAPTOP, LOAD, LOAD_PORT, OFFICE_ADDRESS, Cable, can_connect, cpu_seconds, descendants, eventually, inside, load, resident_mib  # noqa: E402


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


def main():
    with Cable() as cable:
        subjects = [Subject("raw TCP", OFFICE_ADDRESS, LOAD_PORT, lambda: [])]
        for cipher, port in (("aes128-gcm@openssh.com", 8201), ("chacha20-poly1305@openssh.com", 8202)):
            server, client = cable.ssh(cipher, port)
            subjects.append(Subject(f"ssh -L {cipher.split('@')[0]}", "127.0.0.1", port,
                                    lambda s=server, c=client: descendants(s.pid) + descendants(c.pid)))
        office, laptop = cable.bridge(("load", f"127.0.0.1:{LOAD_PORT}"))
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


if __name__ == "__main__":
    main()
