"""The disks that a power cut may leave of a node whose every write was recorded (crash/record_writes.c)."""

import hashlib
import os
import random

from bridge import BUILD, Node

MODES = ("kept", "dropped", "mixed")


class RecordedNode(Node):
    """Each of its programs tells what it writes."""

    def __init__(self, folder, name):
        super().__init__(folder, name)
        self.trace = os.path.join(folder, name + ".trace")

    def inside(self, arguments):
        library = os.path.join(BUILD, "tests", "e2e", "librecord_writes.so")
        return ["env", f"LD_PRELOAD={library}", f"RECORD_FOLDER={self.state}", f"RECORD_TO={self.trace}", *arguments]

    def acknowledged(self, what):
        with open(self.trace, "a") as trace:
            trace.write(f"acknowledged {what} 0 \n")


class File:
    """What a program sees of a file, what is sure to be on the disk, and what was done since."""

    def __init__(self, sure=None):
        self.seen, self.sure, self.since = sure or b"", sure, []

    def do(self, operation):
        self.seen = apply(self.seen, operation)
        self.since.append(operation)

    def sync(self):
        self.sure, self.since = self.seen, []

    def after_power_cut(self, mode, chance):
        if mode == "kept":
            return self.seen
        content = self.sure if self.sure is not None else b""
        for kind, place, data in self.since if mode == "mixed" else ():
            if chance.random() < 0.5:
                torn = kind == "write" and chance.random() < 0.25
                content = apply(content, (kind, place, data[:len(data) // 2] if torn else data))
        return content


def apply(content, operation):
    kind, place, data = operation
    if kind == "truncate":
        return content[:place] + bytes(max(0, place - len(content)))
    content = content + bytes(max(0, place - len(content)))
    return content[:place] + data + content[place + len(data):]


class Disk:
    """A folder that is played from its trace, operation by operation."""

    def __init__(self, files):
        self.names = {name: File(content) for name, content in files.items()}
        self.sure_names = dict(self.names)
        self.acknowledged = []

    def play(self, line):
        kind, name, number, rest = line.rstrip("\n").split(" ", 3)
        if kind == "acknowledged":
            self.acknowledged.append(name)
        elif kind in ("write", "truncate"):
            self.names.setdefault(name, File()).do((kind, int(number), bytes.fromhex(rest)))
        elif kind == "sync" and name == ".":
            self.sure_names = dict(self.names)
        elif kind == "sync" and name in self.names:
            self.names[name].sync()
        elif kind == "unlink":
            self.names.pop(name, None)
        elif kind == "rename" and name in self.names:
            self.names[bytes.fromhex(rest).decode()] = self.names.pop(name)
        return kind != "acknowledged"

    def after_power_cut(self, mode, chance):
        names = self.names if mode == "kept" else self.sure_names
        return {name: file.after_power_cut(mode, chance) for name, file in names.items()
                if name not in ("daemon.lock", "reserve") and not name.startswith("control.sock")}


def disks_of(trace, files=None):
    """Each disk that differs from those before: its number of operations, its mode, its files, what was acknowledged.
    `files`: what was there before the first write, by name."""
    with open(trace) as recorded:
        lines = recorded.readlines()
    disk, seen, points = Disk(files or {}), set(), 0
    for number, line in enumerate(lines):
        points += disk.play(line)
        for mode in MODES:
            files = disk.after_power_cut(mode, random.Random(f"{number} {mode}"))
            mark = hashlib.sha256(repr((sorted(files.items()), disk.acknowledged)).encode()).digest()
            if mark not in seen:
                seen.add(mark)
                yield points, mode, files, list(disk.acknowledged)
    print(f"\nwrite points: {points}, disks that differ: {len(seen)}")


def put_files(node, files):
    """Makes a node's folder with them."""
    os.mkdir(node.state, 0o700)
    for name, content in files.items():
        with open(os.open(os.path.join(node.state, name), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(content)
