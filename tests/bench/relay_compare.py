#!/usr/bin/env python3
"""What a relay costs beside others, in one run: CPU seconds of the relay's process per GiB that it has passed on.

    tests/bench/relay_compare.py BUILD [--rounds 3] [--gib 1]

Over loopback: Drawbridge's relay by UDP (with and without GSO and GRO), WebSocket and WebSocket under TLS (`relay_bench`);
coturn by UDP (ChannelData in, plain UDP out, datagrams of the same size); strelaysrv by TCP. Debian packages coturn and
syncthing-relaysrv; what is not installed is left out. What counts is the ratio; the clients' costs are not counted.
"""
import argparse
import contextlib
import hashlib
import os
import re
import shutil
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading

GIB = 1 << 30
DATAGRAM = 1452   # as relay_bench sends, with the relay's header
WINDOW = 256 << 10  # bytes under way


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat') as file:
        user, system = file.read().rsplit(')', 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*command, **options):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def drawbridge(build, gib):
    """Name → CPU seconds per GiB."""
    out = subprocess.run([f'{build}/tests/bench/relay_bench', 'run', f'{build}/daemon/drawbridged', str(gib)],
                         capture_output=True, text=True, check=True, timeout=600).stdout
    return {'Drawbridge, ' + line[:28].strip(): float(re.search(r'([\d.]+) s/GiB', line).group(1)) for line in out.splitlines()}


class Turn:
    """An allocation at a TURN server and one channel to a peer (RFC 8656), without authentication."""

    COOKIE, CHANNEL = 0x2112A442, 0x4000
    ALLOCATE, PERMISSION, BIND = 3, 8, 9

    def __init__(self, port, peer):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(('127.0.0.1', port))
        self.socket.settimeout(1)
        ip = struct.unpack('!I', socket.inet_aton(peer[0]))[0] ^ self.COOKIE
        address = struct.pack('!BBHI', 0, 1, peer[1] ^ (self.COOKIE >> 16), ip)
        self.ask(self.ALLOCATE, (0x0019, bytes([17, 0, 0, 0])))
        self.ask(self.PERMISSION, (0x0012, address))
        self.ask(self.BIND, (0x000C, struct.pack('!HH', self.CHANNEL, 0)), (0x0012, address))

    def ask(self, method, *attributes):
        body = b''.join(struct.pack('!HH', kind, len(value)) + value for kind, value in attributes)
        request = struct.pack('!HHI', method, len(body), self.COOKIE) + os.urandom(12) + body
        for _ in range(30):  # until the server listens
            with contextlib.suppress(OSError):
                self.socket.send(request)
                answer = self.socket.recv(2000)
                if struct.unpack('!H', answer[:2])[0] != method | 0x100:
                    raise RuntimeError(f'TURN method {method} was refused: {answer!r}')
                return
            threading.Event().wait(0.1)
        raise RuntimeError('the TURN server does not answer')

    def framed(self, size):
        return struct.pack('!HH', self.CHANNEL, size - 4) + bytes(size - 4)


def coturn(gib):
    port = free_port(socket.SOCK_DGRAM)
    command = ['turnserver', '-n', '--no-auth', '--no-tls', '--no-dtls', '--no-tcp', '--no-cli', '--allow-loopback-peers', '--no-stdout-log',
               '-L', '127.0.0.1', '-E', '127.0.0.1', '-p', str(port), '--pidfile', '/dev/null', '--log-file', '/dev/null']
    with running(*command) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(('127.0.0.1', 0))
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        turn = Turn(port, peer.getsockname())
        before = cpu_seconds(server.pid)
        arrived = flood_datagrams(turn.socket, turn.framed(DATAGRAM), peer, int(gib * GIB))
        return (cpu_seconds(server.pid) - before) / (arrived / GIB)


def flood_datagrams(out, datagram, peer, total):
    """Paced by what arrives; what has not come after a tenth of a second is lost. Gives the bytes that arrived."""
    sent = arrived = lost = 0
    peer.settimeout(0.1)
    while sent < total:
        while sent - arrived - lost < WINDOW:
            out.send(datagram)
            sent += len(datagram)
        try:
            arrived += len(peer.recv(2000)) + 4
        except TimeoutError:
            lost = sent - arrived
    return arrived


class Syncthing:
    """The client's side of strelaysrv's protocol: two devices are joined, then the connection is plain TCP."""

    MAGIC = 0x9E79BC40
    JOIN_RELAY, JOIN_SESSION, RESPONSE, CONNECT, INVITATION = 2, 3, 4, 5, 6

    def __init__(self, folder, port):
        self.folder, self.port = folder, port

    def certificate(self, name):
        files = [os.path.join(self.folder, f'{name}.{kind}') for kind in ('pem', 'key')]
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', f'/CN={name}', '-days', '2',
                        '-out', files[0], '-keyout', files[1]], check=True, capture_output=True)
        with open(files[0]) as file:
            return files, hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).digest()

    def tls(self, files):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(['bep-relay'])
        context.load_cert_chain(*files)
        return context.wrap_socket(socket.create_connection(('127.0.0.1', self.port), 20))

    def send(self, connection, kind, body=b''):
        connection.sendall(struct.pack('!Iii', self.MAGIC, kind, len(body)) + body)

    def receive(self, connection, wanted):
        while True:
            _, kind, length = struct.unpack('!Iii', read(connection, 12))
            body = read(connection, length)
            if kind == wanted:
                return body

    @staticmethod
    def opaque(data):
        return struct.pack('!I', len(data)) + data + bytes(-len(data) % 4)

    def joined(self):
        """Two sockets that the relay has joined."""
        one, two = self.certificate('one'), self.certificate('two')
        waiting, asking = self.control = self.tls(one[0]), self.tls(two[0])  # the session ends with either
        self.send(waiting, self.JOIN_RELAY)
        self.receive(waiting, self.RESPONSE)
        self.send(asking, self.CONNECT, self.opaque(one[1]))
        return [self.session(self.receive(end, self.INVITATION)) for end in (asking, waiting)]

    def session(self, invitation):
        skip = 4 + struct.unpack('!I', invitation[:4])[0]
        skip += -skip % 4
        length = struct.unpack('!I', invitation[skip:skip + 4])[0]
        connection = socket.create_connection(('127.0.0.1', self.port), 20)
        self.send(connection, self.JOIN_SESSION, self.opaque(invitation[skip + 4:skip + 4 + length]))
        self.receive(connection, self.RESPONSE)
        return connection


def read(connection, length):
    data = b''
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise RuntimeError('the relay has closed the connection')
        data += piece
    return data


def strelaysrv(gib):
    folder, port = tempfile.mkdtemp(prefix='relay-compare-'), free_port()
    try:
        command = ['strelaysrv', '-listen', f'127.0.0.1:{port}', '-keys', folder, '-pools', '', '-status-srv', '']
        with running(*command, cwd=folder) as server:
            wait_for_port(port)
            client = Syncthing(folder, port)
            sender, receiver = client.joined()
            before = cpu_seconds(server.pid)
            arrived = flood_stream(sender, receiver, int(gib * GIB))
            return (cpu_seconds(server.pid) - before) / (arrived / GIB)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_for_port(port):
    for _ in range(200):
        with contextlib.suppress(OSError):
            return socket.create_connection(('127.0.0.1', port), 1).close()
        threading.Event().wait(0.1)
    raise RuntimeError(f'nobody listens on port {port}')


def flood_stream(sender, receiver, total):
    piece = bytes(64 << 10)

    def send():
        for _ in range(total // len(piece)):
            sender.sendall(piece)
        sender.shutdown(socket.SHUT_WR)
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    arrived, buffer, expected = 0, bytearray(256 << 10), total // len(piece) * len(piece)
    while arrived < expected:
        count = receiver.recv_into(buffer)
        if not count:
            break
        arrived += count
    return arrived


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--gib', type=float, default=1)
    arguments = parser.parse_args()
    figures = {}
    for _ in range(arguments.rounds):
        found = drawbridge(arguments.build, arguments.gib)
        if shutil.which('turnserver'):
            found['coturn, UDP'] = coturn(arguments.gib / 4)
        if shutil.which('strelaysrv'):
            found['strelaysrv, TCP'] = strelaysrv(arguments.gib)
        for name, cost in found.items():
            figures.setdefault(name, []).append(cost)
    print('| relay | CPU s per GiB | lowest and highest |\n|---|---|---|')
    for name, costs in figures.items():
        print(f'| {name} | {statistics.median(costs):.2f} | {min(costs):.2f}–{max(costs):.2f} |')


if __name__ == '__main__':
    sys.exit(main())
