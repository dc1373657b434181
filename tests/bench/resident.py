#!/usr/bin/env python3
"""What an idle office and an idle laptop hold in memory, and what each further device costs its office.

usage: resident.py BUILD_DIR [--devices 8] [--still 90]

Real daemons on loopback, paired, with nothing open; looked at when their own memory has stood still for so many seconds: what
only starting and pairing needed has been given back by then (30 s later, twice), and keepalives have taken what they need.
"""
import argparse
import os
import shutil
import sys
import tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build")
parser.add_argument("--devices", type=int, default=8)
parser.add_argument("--still", type=float, default=90)
options = parser.parse_args()
os.environ["DRAWBRIDGE_BUILD"] = os.path.abspath(options.build)
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from bridge import Node, eventually, monotonic, pair  # noqa: E402


NOISE_KIB = 64  # a keepalive's packet comes and goes
PATIENCE = 1200


def resident_kib(node):
    """(all, of it its own memory, of it mapped files: programs, libraries, shared with whoever else uses them)."""
    fields = {}
    for line in open(f"/proc/{node.process.pid}/status"):
        name, _, value = line.partition(":")
        fields[name] = value.split()
    return [int(fields[name][0]) for name in ("VmRSS", "RssAnon", "RssFile")]


def wait_until_still(nodes):
    held, since = [], monotonic()

    def is_still():
        nonlocal held, since
        now = [resident_kib(node)[1] for node in nodes]
        if len(held) != len(now) or any(abs(one - other) > NOISE_KIB for one, other in zip(held, now)):
            held, since = now, monotonic()
        return monotonic() - since >= options.still
    eventually(is_still, PATIENCE, "the daemons' memory stands still")


def tell(node, what):
    total, own, files = resident_kib(node)
    print(f"{what}: {total / 1024:.1f} MiB resident, {own / 1024:.1f} of its own, {files / 1024:.1f} of files", flush=True)
    return own


def main():
    folder = tempfile.mkdtemp(prefix="drawbridge-resident-")
    nodes = [Node(folder, "office")] + [Node(folder, f"laptop-{number}") for number in range(options.devices + 1)]
    office, first, *others = nodes
    try:
        for node in nodes:
            node.init()
        office.start()
        office.run("expose", "ssh", "127.0.0.1:22")
        pair(office, first.start(), "--allow", "*")
        wait_until_still([office, first])
        own = tell(office, "office")
        tell(first, "laptop")
        for node in others:
            pair(office, node.start(), "--allow", "*")
        if others:
            wait_until_still(nodes)
            grown = tell(office, f"office of {len(others) + 1} devices") - own
            print(f"a further device: {grown / len(others):.0f} KiB")
    finally:
        for node in nodes:
            if node.process:
                node.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
