#!/usr/bin/env python3
"""What else happens while a download saturates the bridge: somebody types, somebody telephones, strangers flood the office.

usage: disturbed.py BUILD_DIR [--line MBIT] [--seconds N] [--rounds N] [--only beside|flood]
--line 0 --only flood: without the line alone. Prints Markdown tables; needs root

Two network namespaces joined by a veth pair. The table of the first part is measured twice: over the bare pair, where the
computer itself is the bottleneck, and over a line of --line Mbit/s from the office with a queue of 50 ms, as behind a
router.

Floods come from the laptop's side, past the line. Goodput is that of a download of --seconds. In each of --rounds it is
measured three times: quiet; with the flood aimed at a socket of the office's computer that nobody reads (the control: what
sending, and the kernel's delivery, take from the same two cores); and with the flood aimed at the office itself. Ratios are
medians of the rounds' own. What the office spends on one stranger's packet is measured without a download. CPU time says more
than goodput where other work has the same cores.
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
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--only", choices=("beside", "flood"))
options = parser.parse_args()
os.environ["DRAWBRIDGE_BUILD"] = os.path.abspath(options.build)
from cable import (BUILD, LAPTOP, LOAD, LOAD_PORT, OFFICE, OFFICE_ADDRESS, Cable, can_connect, eventually,  # noqa: E402
                   exact_cpu_seconds, inside, load)

OFFICE_PORT, UNREAD_PORT = 7470, 7479

# Takes what a flood's control is aimed at: its buffer is full at once, and stays so.
UNREAD = '''
import socket, sys
unread = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
unread.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
sys.stdin.read()
'''

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


def flood_command(port, seconds, per_second, *kind):
    return inside(LAPTOP, f"{BUILD}/tests/bench/flood", OFFICE_ADDRESS, str(port), str(per_second), str(seconds), *kind)


class Flood:
    """Runs as long as the block; then `rate` is how many packets left a second, and `core` what sending them took of one."""

    def __init__(self, port, per_second, *kind):
        self.command = flood_command(port, 600, per_second, *kind)

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.rate, self.core = map(float, self.process.communicate()[0].split())


def start_again(cable, laptop):
    laptop.kill()
    laptop.start()
    cable.running.append(laptop.process)


def record_handshake(cable, laptop):
    """Not the newest one, which an office knows best."""
    file = os.path.join(cable.folder, "handshake")
    recorder = subprocess.Popen(inside(OFFICE, sys.executable, "-c", RECORDER, file), stdout=subprocess.PIPE, text=True)
    recorder.stdout.readline()
    start_again(cable, laptop)
    recorder.wait(timeout=60)
    laptop.connected_to("office")
    start_again(cable, laptop)
    laptop.connected_to("office")
    return file


def measured(way, office, mib):
    """Mbit/s of a download, and the office's CPU seconds for each GiB of it."""
    before = exact_cpu_seconds(office.process.pid)
    speed = goodput(way, mib)
    return speed, (exact_cpu_seconds(office.process.pid) - before) * 1024 / mib


def one_round(way, office, mib, flood):
    figures = {"quiet": measured(way, office, mib)}
    for name, port in (("control", UNREAD_PORT), ("flooded", OFFICE_PORT)):
        with Flood(port, *flood) as running:
            figures[name] = measured(way, office, mib)
    return figures | {"core": running.core, "rate": running.rate}


def microseconds_a_packet(office, flood):
    """Of the office's CPU time, while nothing else happens."""
    for seconds in (1, options.seconds):  # in the first it lets go of its memory, and so on
        before = exact_cpu_seconds(office.process.pid)
        rate, _ = subprocess.run(flood_command(OFFICE_PORT, seconds, *flood), stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        used = exact_cpu_seconds(office.process.pid) - before
    return used / (float(rate) * seconds) * 1e6


def flood_row(name, rounds, microseconds):
    def median(of):
        return statistics.median(map(of, rounds))

    ratios = " | ".join(f"{median(lambda r: r[a][0] / r[b][0]) * 100:.0f} %" for a, b in (("flooded", "quiet"), ("control", "quiet"), ("flooded", "control")))
    speeds, cpu = (" / ".join(f"{median(lambda r: r[way][i]):{form}}" for way in ("quiet", "control", "flooded")) for i, form in ((0, ".0f"), (1, ".2f")))
    return f"| {name} | {ratios} | {speeds} | {cpu} | {microseconds:.2f} | {median(lambda r: r['rate']):,.0f} | {median(lambda r: r['core']) * 100:.0f} % |"


def flooded(cable, way, office, laptop):
    handshake = record_handshake(cable, laptop)
    unread = subprocess.Popen(inside(OFFICE, sys.executable, "-c", UNREAD, OFFICE_ADDRESS, str(UNREAD_PORT)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    unread.stdout.readline()
    cable.running.append(unread)
    floods = {"100,000 packets of garbage a second": (100_000, "garbage"),
              "10,000 first handshake packets a second, made up": (10_000, "handshakes"),
              "10,000 a second, recorded from the laptop": (10_000, "handshakes", handshake)}
    alone = {name: microseconds_a_packet(office, flood) for name, flood in floods.items()}
    for line in (options.line, None) if options.line else (None,):
        if options.line:
            set_line(line)
        eventually(lambda: can_connect(*way), 60, "the bridge answers")
        mib = max(64, int(goodput(way, 64 if line else 512) * options.seconds / 8))
        title = f"line of {line} Mbit/s" if line else "no line: the computer is the bottleneck"
        print(f"\n| {title} | flooded / quiet | control / quiet | flooded / control | Mbit/s, quiet / control / flooded | the office's CPU s/GiB, the same | its µs a packet | packets/s | of a core, to send them |\n" + "|---" * 9 + "|")
        for name, flood in floods.items():
            print(flood_row(name, [one_round(way, office, mib, flood) for _ in range(options.rounds)], alone[name]), flush=True)


def main():
    with Cable() as cable:
        office, laptop = cable.bridge(("load", f"127.0.0.1:{LOAD_PORT}"), ("call", f"udp:127.0.0.1:{LOAD_PORT}"))
        tcp, udp = laptop.address_of("load"), laptop.address_of("call")
        eventually(lambda: can_connect(*tcp), 60, "the bridge answers")
        if options.only != "flood":
            cable.ssh("aes128-gcm@openssh.com", 8201)
            raw = (OFFICE_ADDRESS, LOAD_PORT)
            ways = {"kernel": (raw, raw), "ssh -L": (("127.0.0.1", 8201), None), "Drawbridge": (tcp, udp)}
            beside("no line: the computer is the bottleneck", ways)
            set_line(options.line)
            beside(f"line of {options.line} Mbit/s, queue of 50 ms", ways)
        if options.only != "beside":
            flooded(cable, tcp, office, laptop)


if __name__ == "__main__":
    main()
