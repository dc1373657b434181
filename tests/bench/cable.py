"""Two network namespaces joined by a veth pair (MTU 1500): an office with a load server, and a laptop. Needs root."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from bridge import BUILD, Node, eventually, pair  # noqa: E402

LOAD = f"{BUILD}/tests/bench/load"
OFFICE, LAPTOP = f"dbbench-office-{os.getpid()}", f"dbbench-laptop-{os.getpid()}"
OFFICE_ADDRESS, LAPTOP_ADDRESS, LOAD_PORT = "10.75.0.1", "10.75.0.2", 8100
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


def exact_cpu_seconds(pid):
    """Of the threads that live; in nanoseconds where cpu_seconds knows hundredths of a second."""
    return sum(int(open(f"/proc/{pid}/task/{thread}/schedstat").read().split()[0]) for thread in os.listdir(f"/proc/{pid}/task")) / 1e9


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
    """What the load program prints, run at the laptop."""
    done = subprocess.run(inside(LAPTOP, LOAD, *map(str, arguments)), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"load {arguments}: {done.stderr}")
    return [float(word) for word in done.stdout.split()]


def start_ssh(folder, cipher, port):
    for name in ("host", "user"):
        if not os.path.exists(f"{folder}/{name}"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{name}"], check=True)
    shutil.copy(f"{folder}/user.pub", f"{folder}/authorized")
    server_port = port + 1000
    with open(f"{folder}/sshd_{port}", "w") as file:
        file.write(f"Port {server_port}\nListenAddress {OFFICE_ADDRESS}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
                   "StrictModes no\nPidFile none\nUsePAM no\nPermitRootLogin yes\n")
    os.makedirs("/run/sshd", exist_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}
    server = subprocess.Popen(inside(OFFICE, "/usr/sbin/sshd", "-D", "-f", f"{folder}/sshd_{port}"), **quiet)
    client = subprocess.Popen(inside(LAPTOP, "ssh", "-N", "-c", cipher, "-i", f"{folder}/user", "-o", "StrictHostKeyChecking=no", "-o",
                                     "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "ConnectionAttempts=20",
                                     "-L", f"127.0.0.1:{port}:{OFFICE_ADDRESS}:{LOAD_PORT}", "-p", str(server_port), f"root@{OFFICE_ADDRESS}"), **quiet)
    return server, client


def can_connect(host, port):
    return subprocess.run(inside(LAPTOP, LOAD, "ping", host, str(port), "1"), capture_output=True).returncode == 0


class Cable:
    """`with Cable() as cable`: both namespaces, the load server at the office, and what was started in them until the end."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="drawbridge-bench-")
        self.running = []
        for name in (OFFICE, LAPTOP):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "cable", "netns", OFFICE, "type", "veth", "peer", "name", "cable", "netns", LAPTOP)
        for name, address in ((OFFICE, OFFICE_ADDRESS), (LAPTOP, LAPTOP_ADDRESS)):
            ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
            ip("-n", name, "link", "set", "cable", "up")
        self.running.append(subprocess.Popen(inside(OFFICE, LOAD, "serve", "0.0.0.0", str(LOAD_PORT)), stdout=subprocess.DEVNULL))
        eventually(lambda: can_connect(OFFICE_ADDRESS, LOAD_PORT), 20, "the load server answers")
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait()
        for name in (OFFICE, LAPTOP):
            subprocess.run(["ip", "netns", "del", name])
        shutil.rmtree(self.folder, ignore_errors=True)

    def ssh(self, cipher, port):
        """ssh -L at the laptop's `port`; its two processes."""
        processes = start_ssh(self.folder, cipher, port)
        self.running += processes
        eventually(lambda: can_connect("127.0.0.1", port), 20, f"ssh with {cipher}")
        return processes

    def bridge(self, *targets):
        """An office and a laptop, paired, with these services: ("name", "target") …"""
        office = Node(self.folder, "office", listen="0.0.0.0:7470", namespace=OFFICE)
        laptop = Node(self.folder, "laptop", listen="0.0.0.0:0", namespace=LAPTOP)
        for node in (office, laptop):
            node.init()
            node.start()
            self.running.append(node.process)
        for name, target in targets:
            office.run("expose", name, target)
        pair(office, laptop, "--allow", "*")
        return office, laptop
