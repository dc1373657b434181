"""The daemon's sandbox as the kernel tells it: every thread but one is in it, and everything goes on working."""

import os
import unittest

from bridge import BridgeTest, pair


def threads_of(process):
    """{thread: {field: value}} of /proc/PID/task/*/status."""
    folder = f"/proc/{process.pid}/task"
    out = {}
    for thread in os.listdir(folder):
        with open(f"{folder}/{thread}/status") as status:
            out[thread] = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    return out


def filters_of(thread):
    return int(thread["Seccomp_filters"])


# A container may have put one on everything.
with open("/proc/self/status") as own:
    OURS = int(next(line for line in own if line.startswith("Seccomp_filters")).split()[1])


class Sandbox(BridgeTest):
    def fetch(self, path):
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        return self.laptop.run("connect", "files", "--stdio", input=request)

    def test_every_thread_but_one_has_the_filter_and_folders_are_served(self):
        shared = self.path("shared")
        os.mkdir(shared)
        with open(os.path.join(shared, "letter.txt"), "w") as letter:
            letter.write("hello")
        self.office.json("expose", "files", "folder:" + shared)
        pair(self.office, self.laptop, "--allow", "files")
        self.assertTrue(self.fetch("/letter.txt").endswith("hello"))
        threads = threads_of(self.office.process)
        self.assertGreater(len(threads), 2)
        without = [name for name, status in threads.items() if filters_of(status) == OURS]
        self.assertEqual(len(without), 1, threads)
        self.assertNotIn(str(self.office.process.pid), without)
        self.assertEqual(threads[str(self.office.process.pid)]["NoNewPrivs"], "1")

    def test_a_debugger_may_ask_for_none(self):
        self.office.stop()
        self.office.start("--no-sandbox")
        self.assertEqual({filters_of(status) for status in threads_of(self.office.process).values()}, {OURS})
