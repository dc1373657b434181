#!/usr/bin/env python3
"""How soon a laptop that starts has the first byte of a service of its office back, with the real daemons and a round trip
of 40 ms to everybody: where UDP passes, and where only a WebSocket under TLS is let out. Needs root.

    DRAWBRIDGE_BUILD=build tests/netns/first_answer.py [--runs 5]
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys

import lab as laboratory
from lab import UDP_PORT, WEBSOCKET_PORT, Household, Lab, Relay, temporary_folder, when

ROUND_TRIP_MS = 40


class TlsRelay(Relay):
    def __init__(self, folder):
        super().__init__(folder)
        certificate, key = (os.path.join(self.state, name) for name in ('certificate.pem', 'key.pem'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
                        '-subj', '/CN=relay.natlab.test', '-keyout', key, '-out', certificate], check=True, capture_output=True)
        with open(os.path.join(self.state, 'config.toml'), 'a') as file:
            file.write(f'certificate = "{certificate}"\nkey = "{key}"\n')

    def urls(self):
        return [f'udp://relay.natlab.test:{UDP_PORT}#{self.key}', f'wss://relay.natlab.test:{WEBSOCKET_PORT}#{self.key}']


ECHO = """
import socket
server = socket.create_server(('127.0.0.1', 9100))
while True:
    one, _ = server.accept()
    one.sendall(one.recv(1))
"""
# Begins before the laptop's daemon does, and looks every millisecond until there is somebody to connect to.
FIRST_BYTE = """
import socket, sys, threading, time
pause, deadline, bridge = threading.Event(), time.monotonic() + 60, None
while bridge is None:
    try:
        bridge = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    except OSError:
        if time.monotonic() > deadline: sys.exit('nobody listens within 60 s')
        pause.wait(0.001)
bridge.sendall(b'x')
if bridge.recv(1): print(time.time())
"""


def inside(lab, host, program, *arguments):
    return subprocess.Popen(['ip', 'netns', 'exec', lab.namespace(host), sys.executable, '-c', program, *arguments], stdout=subprocess.PIPE, text=True)


def measure(paired, laptop, number, address=None):
    """Milliseconds from the laptop's start until the byte is back; without an address only that, for the next runs."""
    folder = os.path.join(paired.folder, f'run-{number}')
    with Lab('first', office='port-restricted', laptop=laptop) as lab:
        home, programs = paired.copy(folder), [inside(lab, 'office', ECHO)]
        try:
            lab('delay', 'laptop', ROUND_TRIP_MS // 2)
            open(home.laptop.log, 'w').close()
            if not address:
                home.start(lab)
                return home.laptop.address_of('echo')
            programs.append(inside(lab, 'laptop', FIRST_BYTE, *map(str, address)))
            home.start(lab)
            answered = float(programs[1].communicate(timeout=60)[0])
            return (answered - when(home.laptop.events('ready')[0])) * 1000
        finally:
            for program in programs:
                program.kill()
                program.wait()
            home.stop()
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=5)
    arguments = parser.parse_args()
    folder = temporary_folder()
    laboratory.Relay = TlsRelay
    try:
        paired = Household.paired(folder, [('echo', '127.0.0.1:9100')])
        address = measure(paired, 'public', 0)
        for laptop in ('port-restricted', 'udp-blocked'):
            times = [measure(paired, laptop, number, address) for number in range(arguments.runs)]
            print(f'{laptop}: {statistics.median(times):.0f} ms (worst {max(times):.0f}), {statistics.median(times) / ROUND_TRIP_MS:.1f} round trips')
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
