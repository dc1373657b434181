#!/usr/bin/env python3
"""What an idle office and an idle laptop hold in memory, and what each further device costs its office.

usage: resident.py BUILD_DIR [--devices 8] [--idle 150]

Real daemons on loopback, paired, with nothing open; looked at after so many seconds, when what only starting and pairing
needed has been given back (twice 30 s later) and a few rounds of keepalives have taken what they need.
"""
import argparse
import os
import shutil
import sys
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build")
parser.add_argument("--devices", type=int, default=8)
parser.add_argument("--idle", type=float, default=150)
options = parser.parse_args()
os.environ["DRAWBRIDGE_BUILD"] = os.path.abspath(options.build)
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from bridge import Node, pair  # noqa: E402


def resident_kib(node):
    """(all, of it its own memory, of it mapped files: programs, libraries, shared with whoever else uses them)."""
    fields = {}
    for line in open(f"/proc/{node.process.pid}/status"):
        name, _, value = line.partition(":")
        fields[name] = value.split()
    return [int(fields[name][0]) for name in ("VmRSS", "RssAnon", "RssFile")]


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
        time.sleep(options.idle)
        own = tell(office, "office")
        tell(first, "laptop")
        for node in others:
            pair(office, node.start(), "--allow", "*")
        time.sleep(options.idle if others else 0)
        if others:
            grown = tell(office, f"office of {len(others) + 1} devices") - own
            print(f"a further device: {grown / len(others):.0f} KiB")
    finally:
        for node in nodes:
            if node.process:
                node.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
