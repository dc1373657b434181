#!/usr/bin/env python3
"""What else happens while a download saturates the bridge: somebody types, somebody telephones, strangers flood the office.

usage: disturbed.py BUILD_DIR [--line MBIT] [--seconds N]        prints Markdown tables; needs root

Two network namespaces joined by a veth pair. The table of the first part is measured twice: over the bare pair, where the
computer itself is the bottleneck, and over a line of --line Mbit/s from the office with a queue of 50 ms, as behind a
router. Floods come from the laptop's side, past the line. Goodput is that of a download of --seconds.
"""
import argparse
import os
import statistics
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("build")
parser.add_argument("--line", type=int, default=200)
parser.add_argument("--seconds", type=int, default=10)
options = parser.parse_args()
os.environ["DRAWBRIDGE_BUILD"] = os.path.abspath(options.build)
from cable import BUILD, LAPTOP, LOAD, LOAD_PORT, OFFICE, OFFICE_ADDRESS, Cable, can_connect, eventually, inside, load  # noqa: E402

# Keeps the first handshake packet that it sees; half of what a flood of replays needs.
RECORDER = '''
import socket, sys
tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
print("ready", flush=True)
while True:
    packet = tap.recv(65536)
    udp = packet[(packet[0] & 15) * 4:]
    if packet[9] == 17 and udp[2:4] == (7470).to_bytes(2, "big") and udp[8] & 0xf0 == 0xc0 and len(udp) >= 1208:
        open(sys.argv[1], "wb").write(udp[8:])
        break
'''


class Download:
    """Runs as long as the block."""

    def __init__(self, way):
        self.command = inside(LAPTOP, LOAD, "bulk", way[0], str(way[1]), "down", "1", str(1024 * 1024))

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        ended = self.process.poll() is not None
        self.process.kill()
        self.process.wait()
        if ended:
            raise RuntimeError("the download ended too early")


def set_line(mbit):
    if mbit:
        subprocess.run(inside(OFFICE, "tc", "qdisc", "replace", "dev", "cable", "root", "tbf", "rate", f"{mbit}mbit",
                              "burst", "64kb", "latency", "50ms"), check=True)
    else:
        subprocess.run(inside(OFFICE, "tc", "qdisc", "del", "dev", "cable", "root"), check=True, stderr=subprocess.DEVNULL)


def typing(way):
    alone = load("ping", *way, 1000)
    with Download(way):
        load("ping", *way, 50)  # until it runs at full speed
        beside = load("ping", *way, 500)
    return {"1 byte there and back, p50 / p99 ms": alone, "the same beside a download": beside}, 1000


def calling(way, download):
    alone = load("call", *way, options.seconds)
    with Download(download):
        load("call", *way, 2)
        beside = load("call", *way, options.seconds)
    return {"call, lost % / worst jitter / p50 / p99 ms": alone, "the same call beside a download": beside}, 1


def table(title, columns):
    rows = dict.fromkeys(row for figures in columns.values() for row in figures)
    print(f"\n| {title} | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for row in rows:
        cells = [" / ".join(f"{v:.2f}" for v in figures[row]) if row in figures else "–" for figures in columns.values()]
        print(f"| {row} | " + " | ".join(cells) + " |")


def beside(title, ways):
    columns = {}
    for name, (tcp, udp) in ways.items():
        figures, unit = typing(tcp)
        columns[name] = {row: [value / unit for value in values] for row, values in figures.items()}
        if udp:
            columns[name].update(calling(udp, tcp)[0])
    table(title, columns)


def goodput(way, mib):
    return load("bulk", *way, "down", 1, mib)[0]


class Flood:
    def __init__(self, per_second, *kind):
        command = inside(LAPTOP, f"{BUILD}/tests/bench/flood", OFFICE_ADDRESS, "7470", str(per_second), "600", *kind)
        self.command = command

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def record_handshake(cable, laptop):
    file = os.path.join(cable.folder, "handshake")
    recorder = subprocess.Popen(inside(OFFICE, sys.executable, "-c", RECORDER, file), stdout=subprocess.PIPE, text=True)
    recorder.stdout.readline()
    laptop.kill()
    laptop.start()
    cable.running.append(laptop.process)
    recorder.wait(timeout=60)
    laptop.connected_to("office")
    return file


def flooded(cable, way, laptop):
    handshake = record_handshake(cable, laptop)
    mib = max(64, options.line * options.seconds // 8)
    floods = {"100,000 packets of garbage a second": (100_000, "garbage"),
              "10,000 first handshake packets a second, made up": (10_000, "handshakes"),
              "10,000 a second, recorded from the laptop": (10_000, "handshakes", handshake)}
    for line in (options.line, None):
        set_line(line)
        eventually(lambda: can_connect(*way), 60, "the bridge answers")
        goodput(way, mib)
        rows = {}
        for name, flood in floods.items():
            pairs = []
            for _ in range(3):
                quiet = goodput(way, mib)
                with Flood(*flood):
                    pairs.append((goodput(way, mib), quiet))
            rows[name] = [statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), statistics.median(a / b for a, b in pairs) * 100]
        table(f"goodput, line of {line} Mbit/s" if line else "goodput, no line: the computer is the bottleneck", {"flooded / quiet Mbit/s / %": rows})
    set_line(options.line)


def main():
    with Cable() as cable:
        cable.ssh("aes128-gcm@openssh.com", 8201)
        _, laptop = cable.bridge(("load", f"127.0.0.1:{LOAD_PORT}"), ("call", f"udp:127.0.0.1:{LOAD_PORT}"))
        tcp, udp = laptop.address_of("load"), laptop.address_of("call")
        eventually(lambda: can_connect(*tcp), 60, "the bridge answers")
        raw = (OFFICE_ADDRESS, LOAD_PORT)
        ways = {"kernel": (raw, raw), "ssh -L": (("127.0.0.1", 8201), None), "Drawbridge": (tcp, udp)}
        beside("no line: the computer is the bottleneck", ways)
        set_line(options.line)
        beside(f"line of {options.line} Mbit/s, queue of 50 ms", ways)
        flooded(cable, tcp, laptop)


if __name__ == "__main__":
    main()
