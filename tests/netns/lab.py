"""natlab with the real daemons in it: an office and a laptop behind routers of chosen kinds, and a relay."""

import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'e2e'))
from bridge import DAEMON, Node, eventually  # noqa: E402

NATLAB = HERE / 'natlab/natlab'
UDP_PORT, WEBSOCKET_PORT = 7471, 443
# Every address of both families: which one is used is what is looked at.
LISTEN = ('0.0.0.0:7470', '--listen', '[::]:7470', '--log', 'json')


class Lab:
    """`with Lab('name', office='linux', laptop='lte') as lab`: natlab up, then down. `lab(verb, ...)` runs a verb."""

    def __init__(self, name, *flags, office='public', laptop='public'):
        self.prefix = f'{name}{os.getpid() % 10_000}'
        self.arguments = ('--office', office, '--laptop', laptop, *flags)

    def __enter__(self):
        self('up', *self.arguments)
        return self

    def __exit__(self, *_):
        self('down')

    def __call__(self, *arguments):
        done = subprocess.run(self.natlab(*arguments), capture_output=True, text=True, timeout=240)
        if done.returncode:
            raise AssertionError(f'natlab {" ".join(map(str, arguments))}: {done.stderr}{done.stdout}')
        return done.stdout

    def natlab(self, *arguments):
        return [NATLAB, '--prefix', self.prefix, *map(str, arguments)]

    def command(self, host, *arguments):
        """What runs a program on that host."""
        return self.natlab('exec', host, *arguments)

    def namespace(self, host):
        return f'{self.prefix}-{host}'


class LabNode(Node):
    """A node in a lab; its command line needs no network and runs outside."""

    def __init__(self, folder, name):
        super().__init__(folder, name, listen=LISTEN[0])

    def run(self, *arguments, **options):
        namespace, self.namespace = self.namespace, None
        try:
            return super().run(*arguments, **options)
        finally:
            self.namespace = namespace

    def start(self, lab, *arguments):
        self.namespace = lab.namespace(self.name)
        return super().start(*LISTEN[1:], *arguments)

    def events(self, name=None):
        """What the daemon has logged: [{"time", "event", ...}], of one kind if a name is given."""
        if not os.path.exists(self.log):
            return []
        with open(self.log) as log:
            lines = [json.loads(line) for line in log if line.startswith('{') and line.endswith('\n')]
        return [line for line in lines if name in (None, line['event'])]


class Relay:
    """`drawbridged --relay` on natlab's relay: UDP, and WebSocket on 443, by one key."""

    def __init__(self, folder):
        self.state, self.log = os.path.join(folder, 'relay'), os.path.join(folder, 'relay.log')
        self.process = None
        os.makedirs(self.state, mode=0o700)
        with open(os.path.join(self.state, 'config.toml'), 'w') as file:
            file.write(f'[relay]\nlisten = ["0.0.0.0:{UDP_PORT}", "[::]:{UDP_PORT}"]\n'
                       f'websocket = ["0.0.0.0:{WEBSOCKET_PORT}", "[::]:{WEBSOCKET_PORT}"]\ndrain_seconds = 0\n')

    def start(self, lab):
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(['ip', 'netns', 'exec', lab.namespace('relay'), DAEMON, '--state', self.state, '--relay', '--log', 'json'],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.key = eventually(self.ready, 60, 'the relay is ready').rsplit('#', 1)[1]
        return self

    def ready(self):
        with open(self.log) as log:
            return next((line['listen'][0] for line in map(json.loads, filter(lambda text: text.startswith("{"), log)) if line['event'] == 'ready'), None)

    def urls(self):
        return [f'udp://relay.natlab.test:{UDP_PORT}#{self.key}', f'ws://relay.natlab.test:{WEBSOCKET_PORT}#{self.key}']

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Household:
    """The state folders of an office and a laptop that are paired and of the relay that both know. `copy()` gives others
    in the same state, so that each run begins like the first."""

    def __init__(self, folder):
        self.folder = folder
        self.office, self.laptop = LabNode(folder, 'office'), LabNode(folder, 'laptop')

    @classmethod
    def paired(cls, folder, services=()):
        """Pairs in a lab of its own, without NAT. `services`: (name, target) that the laptop may reach."""
        home = cls(folder)
        home.relay = Relay(folder)
        with Lab('pair') as lab:
            try:
                home.relay.start(lab)
                home.office.init()
                home.laptop.init()
                home.office.start(lab)
                home.laptop.start(lab)
                for url in home.relay.urls():
                    home.office.json('relay', 'add', url)
                for name, target in services:
                    home.office.json('expose', name, target)
                allowed = ('--allow', ','.join(name for name, _ in services)) if services else ()
                invitation = home.office.json('pair', '--name', 'laptop', *allowed)
                home.laptop.json('join', invitation['link'])
                home.office.connected_to('laptop')
            finally:
                home.stop()
        return home

    def copy(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        other = Household(folder)
        for name in ('relay', 'office', 'laptop'):
            shutil.copytree(os.path.join(self.folder, name), os.path.join(folder, name), ignore=shutil.ignore_patterns('*.sock'))
        other.relay = Relay.__new__(Relay)
        other.relay.state, other.relay.log = os.path.join(folder, 'relay'), os.path.join(folder, 'relay.log')
        other.relay.process = None
        return other

    def start(self, lab, *arguments):
        """Relay and office, until they know one another; then the laptop."""
        if not self.relay.process:
            self.relay.start(lab)
        self.office.start(lab, *arguments)
        eventually(lambda: all(relay['state'] == 'ready' for relay in self.office.json('relay', 'list')), 60, 'the office is at the relay')
        self.laptop.start(lab, *arguments)

    def stop(self):
        for node in (self.laptop, self.office):
            if node.process:
                node.kill()
        self.relay.kill()

    def logs(self):
        texts = []
        for name in ('relay', 'office', 'laptop'):
            path = os.path.join(self.folder, name + '.log')
            texts.append(f'--- {name}\n' + (Path(path).read_text()[-6000:] if os.path.exists(path) else ''))
        return '\n'.join(texts)


def when(event):
    """Seconds since the epoch at which an event was logged."""
    return datetime.datetime.fromisoformat(event['time'].replace('Z', '+00:00')).timestamp()


def temporary_folder():
    return tempfile.mkdtemp(prefix='drawbridge-netns-')
