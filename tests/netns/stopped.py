#!/usr/bin/env python3
"""Daemons that are stopped (SIGSTOP) for so long that every mapping on their way expires: how soon does the connection that
was open answer, once they go on?

    DRAWBRIDGE_BUILD=build tests/netns/stopped.py --seconds 600

Three at a time, side by side: the laptop's daemon, the office's, both; each behind a router that forgets after 20 s. Measured
from SIGCONT until the echo of a line that is written at that moment. Needs root; exits with 1 if a connection is lost.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from cells import is_direct, paths_of
from lab import Household, Lab, eventually, temporary_folder
from bridge import Failed  # its folder is known since lab was imported

PORT = 5556
PATIENCE = 120
SERVER = """
import socket
listener = socket.create_server(('127.0.0.1', int(__import__('sys').argv[1])))
print('ready', flush=True)
connection, _ = listener.accept()
while data := connection.recv(65536):
    connection.sendall(data)
"""
CLIENT = """
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for line in sys.stdin:
    connection.sendall(line.encode())
    received = b''
    while not received.endswith(b'\\n'):
        received += connection.recv(65536) or b' ended\\n'
    print(received.decode(), end='', flush=True)
"""


class Conversation:
    """Lines through one open connection, and their echo."""

    def __init__(self, lab, home):
        self.server = self.program(lab, 'office', SERVER, str(PORT))
        self.server.stdout.readline()
        host, port = home.laptop.address_of('echo')
        self.client = self.program(lab, 'laptop', CLIENT, host, str(port))

    @staticmethod
    def program(lab, host, text, *arguments):
        return subprocess.Popen(lab.command(host, sys.executable, '-c', text, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line):
        """Seconds until the echo is there."""
        began = time.monotonic()
        self.client.stdin.write(line + '\n')
        self.client.stdin.flush()
        deadline = threading.Timer(PATIENCE, self.client.kill)
        deadline.start()
        heard = self.client.stdout.readline().strip()
        deadline.cancel()
        if heard != line:
            raise AssertionError(f'said {line!r}, heard {heard!r}')
        return time.monotonic() - began

    def end(self):
        for process in (self.client, self.server):
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()


def measure(who, seconds, paired):
    """{"stopped", "seconds", "answer_ms", "direct_ms"}: of a fresh pair whose daemons `who` are stopped."""
    with Lab('s' + who[0], office='port-restricted+short', laptop='port-restricted+short') as lab:
        home = paired.copy(os.path.join(paired.folder, 'run-' + who))
        talk = None
        try:
            home.start(lab)
            eventually(lambda: any(map(is_direct, paths_of(home.laptop))), PATIENCE, 'a direct path')
            talk = Conversation(lab, home)
            talk.say('before')
            nodes = {'laptop': [home.laptop], 'office': [home.office], 'both': [home.office, home.laptop]}[who]
            return {'stopped': who, 'seconds': seconds, **sleep(nodes, seconds, home, talk)}
        except AssertionError as error:
            raise AssertionError(f'{who} stopped: {error}\n{home.logs()}') from error
        finally:
            if talk:
                talk.end()
            home.stop()


def pings_directly(laptop):
    """Each ping is one fresh echo by the path in use; while paths change, it may be lost."""
    try:
        return laptop.json('ping', 'office')['path']['kind'] == 'direct'
    except Failed as failed:
        if failed.error['code'] != 'unreachable':
            raise
        return False


def sleep(nodes, seconds, home, talk):
    for node in nodes:
        node.signal(signal.SIGSTOP)
    threading.Event().wait(seconds)  # how long is what is looked at
    began = time.monotonic()
    for node in nodes:
        node.signal(signal.SIGCONT)
    answer = talk.say('after')
    eventually(lambda: pings_directly(home.laptop), PATIENCE, 'a direct path again')
    direct = time.monotonic() - began
    if home.laptop.events('disconnected') or home.office.events('disconnected'):
        raise AssertionError('the session was begun anew\n' + home.logs())
    return {'answer_ms': round(answer * 1000), 'direct_ms': round(direct * 1000)}


def measure_all(seconds):
    folder = temporary_folder()
    try:
        paired = Household.paired(folder, [('echo', f'127.0.0.1:{PORT}')])
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda who: measure(who, seconds, paired), ('laptop', 'office', 'both')))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seconds', type=float, default=600)
    arguments = parser.parse_args()
    for result in measure_all(arguments.seconds):
        print(json.dumps(result))


if __name__ == '__main__':
    main()
