"""Bytes through the bridge in both directions at once, slow enough that faults happen in their middle; every byte is compared."""

import json
import subprocess
import sys
import threading

PORT = 5555
# One connection: what arrives is hashed, and the same length of other bytes goes back. Each side prints what it has received, then the
# hashes. The rate is the sender's: `RATE` bytes a second, in pieces of a twentieth.
PROGRAM = r"""
import hashlib, json, random, socket, sys, threading, time
role, host, port, length, rate = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
if role == 'server':
    listener = socket.create_server((host, port))
    print(json.dumps({'ready': True}), flush=True)
    connection, _ = listener.accept()
else:
    connection = socket.create_connection((host, port))
own = random.Random(role)
sent = hashlib.sha256()

def send():
    left = length
    began = time.monotonic()
    while left:
        piece = own.randbytes(min(left, rate // 20))
        connection.sendall(piece)
        sent.update(piece)
        left -= len(piece)
        pause.wait(max(0, began + (length - left) / rate - time.monotonic()))
    connection.shutdown(socket.SHUT_WR)

pause = threading.Event()
sender = threading.Thread(target=send, daemon=True)
sender.start()
received, count, told = hashlib.sha256(), 0, 0
try:
    while piece := connection.recv(1 << 16):
        received.update(piece)
        count += len(piece)
        if count - told >= rate // 20:
            told = count
            print(json.dumps({'received': count}), flush=True)
    sender.join()
    print(json.dumps({'sent': sent.hexdigest(), 'hash': received.hexdigest(), 'received': count}), flush=True)
except OSError as error:
    print(json.dumps({'failed': str(error), 'received': count}), flush=True)
"""


class End:
    """One end's program, and what it has said so far."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.said, self.changed = {}, threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.said.update(json.loads(line))
                self.changed.notify_all()
        with self.changed:
            self.said['over'] = True
            self.changed.notify_all()

    def wait(self, what, seconds, condition):
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self.said), seconds):
                raise AssertionError(f'{what}: not within {seconds} s; last: {self.said}')
            return dict(self.said)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


class Transfer:
    """`length` bytes each way at `rate` bytes a second, over one connection through the bridge."""

    def __init__(self, lab, address, length, rate):
        self.length = length
        program = [sys.executable, '-c', PROGRAM]
        sizes = [str(length), str(rate)]
        self.server = End(lab.command('office', *program, 'server', '127.0.0.1', str(PORT), *sizes))
        try:
            self.server.wait('the service', 60, lambda said: 'ready' in said)
            self.client = End(lab.command('laptop', *program, 'client', address[0], str(address[1]), *sizes))
        except BaseException:
            self.server.end()
            raise

    @property
    def ends(self):
        return (self.server, self.client)

    def count(self):
        return min(end.said.get('received', 0) for end in self.ends)

    def moves_on(self, seconds, what):
        """Until both ends have received more than they had."""
        before = {end: end.said.get('received', 0) for end in self.ends}
        for end in self.ends:
            end.wait(what, seconds, lambda said, start=before[end]: said.get('received', 0) > start or 'over' in said)
            if 'failed' in end.said:
                raise AssertionError(f'{what}: {end.said}')

    def assert_complete(self, seconds, what):
        """Both ends have received all, and what the other has sent."""
        said = [end.wait(what, seconds, lambda heard: 'over' in heard) for end in self.ends]
        for one, other in (said, said[::-1]):
            if one.get('hash') is None or one['hash'] != other.get('sent') or one['received'] != self.length:
                raise AssertionError(f'{what}: not what was sent: {one}, {other}')

    def end(self):
        for end in (self.server, getattr(self, 'client', None)):
            if end:
                end.end()
