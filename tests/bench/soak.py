#!/usr/bin/env python3
"""Whether memory or descriptors grow: a mixed load for a while, sampled, and a line fitted through what is resident.

usage: soak.py BUILD_DIR [--minutes 20] [--warm 5] [--connections 10000]        needs root

First so many connections one after another, before and after which both daemons are looked at. Then, until the minutes are
over, in turn: short connections, typing, downloads, a call, a listing and an upload to a shared folder. The slope is that of
least squares over the samples after the warm minutes, in MiB an hour.
"""
import argparse
import os
import statistics
import subprocess
import threading
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build")
parser.add_argument("--minutes", type=float, default=20)
parser.add_argument("--warm", type=float, default=5)
parser.add_argument("--connections", type=int, default=10_000)
options = parser.parse_args()
os.environ["DRAWBRIDGE_BUILD"] = os.path.abspath(options.build)
from cable import LAPTOP, LOAD_PORT, Cable, can_connect, eventually, inside, load, resident_mib  # noqa: E402


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def slope_per_hour(samples):
    """Of (seconds, MiB)."""
    seconds, sizes = zip(*samples)
    return statistics.linear_regression(seconds, sizes).slope * 3600


class Sampler(threading.Thread):
    """Every five seconds, what is resident of each process."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.pids, self.samples, self.over = pids, {name: [] for name in pids}, threading.Event()
        self.begun = time.monotonic()

    def run(self):
        while not self.over.wait(5):
            for name, pid in self.pids.items():
                self.samples[name].append((time.monotonic() - self.begun, resident_mib(pid)))

    def warm(self):
        return {name: [sample for sample in samples if sample[0] > options.warm * 60] for name, samples in self.samples.items()}


def work(tcp, udp, folder, scratch):
    load("connect", *tcp, 200)
    load("ping", *tcp, 200)
    load("bulk", *tcp, "down", 1, 64)
    load("bulk", *tcp, "up", 8, 64)
    load("call", *udp, 1)
    url = f"http://{folder[0]}:{folder[1]}/"
    for words in (["-T", scratch, url + "upload.bin"], [url + "upload.bin"], ["-X", "PROPFIND", "-H", "Depth: 1", url]):
        subprocess.run(inside(LAPTOP, "curl", "-sS", "-o", "/dev/null", *words), check=True, timeout=120)


def main():
    with Cable() as cable:
        share, scratch = os.path.join(cable.folder, "share"), os.path.join(cable.folder, "scratch")
        os.mkdir(share)
        with open(scratch, "wb") as file:
            file.write(os.urandom(1 << 20))
        office, laptop = cable.bridge(("load", f"127.0.0.1:{LOAD_PORT}"), ("call", f"udp:127.0.0.1:{LOAD_PORT}"), ("files", f"folder:{share}"))
        tcp, udp, folder = (laptop.address_of(name) for name in ("load", "call", "files"))
        eventually(lambda: can_connect(*tcp), 60, "the bridge answers")
        pids = {"office": office.process.pid, "laptop": laptop.process.pid}
        for _ in range(2):  # the first time fills caches
            before = {name: (resident_mib(pid), descriptors(pid)) for name, pid in pids.items()}
            load("connect", *tcp, options.connections)
        for name, pid in pids.items():
            print(f"{name}, {options.connections} connections: resident {before[name][0]:.2f} to {resident_mib(pid):.2f} MiB, "
                  f"descriptors {before[name][1]} to {descriptors(pid)}", flush=True)
        sampler = Sampler(pids)
        sampler.start()
        rounds, end = 0, time.monotonic() + options.minutes * 60
        while time.monotonic() < end:
            work(tcp, udp, folder, scratch)
            rounds += 1
        sampler.over.set()
        for name, samples in sampler.warm().items():
            print(f"{name}, {options.minutes:g} minutes, {rounds} rounds: {samples[0][1]:.2f} to {samples[-1][1]:.2f} MiB, "
                  f"slope {slope_per_hour(samples):+.2f} MiB an hour after {options.warm:g} minutes", flush=True)


if __name__ == "__main__":
    main()
