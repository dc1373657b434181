#!/usr/bin/env python3
"""The port mapping against real miniupnpd in a router of its own network namespace."""
import json
import os
import queue
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

from lab import Lab

BUILD = Path(os.environ.get('DRAWBRIDGE_BUILD', 'build'))
PORT = 7470
PROBE = '''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.3)
for attempt in range(5):
    s.sendto(b"knock", (sys.argv[1], int(sys.argv[2])))
    try:
        sys.exit(0 if s.recv(100) == b"knock" else 1)
    except TimeoutError:
        pass
sys.exit(1)
'''


class RouterLab(Lab):
    """A public laptop, and an office behind the router that is looked at."""

    def __init__(self, office):
        super().__init__('pm', office=office)

    def reaches(self, address):
        """Whether a stranger on the internet gets an echo from there."""
        ip, port = address.split(':')
        return subprocess.run(self.command('relay', sys.executable, '-c', PROBE, ip, port), timeout=60).returncode == 0

    def ignores(self, packets):
        self('exec', 'r-office', 'nft', 'add table inet deaf; add chain inet deaf in { type filter hook input priority -5; }; '
             f'add rule inet deaf in {packets} drop')

    def has_mapping(self):
        rules = self('exec', 'r-office', 'nft', 'list', 'table', 'inet', 'natlab')
        return 'dnat' in rules.split('prerouting_miniupnpd')[1].split('}')[0]

    def reaches_within(self, seconds, address):
        end = time.monotonic() + seconds
        while not self.reaches(address):  # which waits by itself
            if time.monotonic() > end:
                return False
        return True


class Mapper:
    """port_mapper at the office."""

    def __init__(self, lab):
        self.process = subprocess.Popen(lab.command('office', BUILD / 'tests/netns/port_mapper', str(PORT)), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines = queue.Queue()
        threading.Thread(target=lambda: [self.lines.put(json.loads(line)) for line in self.process.stdout], daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.process.stdout.close()

    def wait(self, what, seconds=60, **fields):
        end = time.monotonic() + seconds
        seen = []
        while True:
            try:
                seen.append(self.lines.get(timeout=max(0.01, end - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f'{what} did not come within {seconds} s; seen: {seen}') from None
            if all(seen[-1][name] == value for name, value in fields.items()):
                return seen[-1]

    def network_event(self):
        self.process.stdin.write('\n')
        self.process.stdin.flush()

    def stop(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=60)


class PortMappingTest(unittest.TestCase):
    def maps_and_withdraws(self, lab, protocol):
        with Mapper(lab) as mapper:
            found = mapper.wait('a mapping', state='mapped')
            self.assertEqual(found['protocol'], protocol)
            self.assertEqual(found['lifetime_s'], 3600)
            self.assertTrue(lab.reaches_within(60, found['external']))
            mapper.stop()
            self.assertFalse(lab.has_mapping())

    def test_pcp_maps_a_port_that_the_internet_reaches_until_it_is_withdrawn(self):
        with RouterLab('upnp') as lab:
            self.maps_and_withdraws(lab, 'pcp')

    def test_nat_pmp_does_the_same_where_pcp_is_not_answered(self):
        with RouterLab('upnp') as lab:
            lab.ignores('udp dport 5351 @th,64,8 2')  # the first byte, PCP's version
            self.maps_and_withdraws(lab, 'nat_pmp')

    def test_upnp_does_the_same_where_neither_is_answered(self):
        with RouterLab('upnp') as lab:
            lab.ignores('udp dport 5351')
            self.maps_and_withdraws(lab, 'upnp')

    def test_a_mapping_that_a_killed_office_left_is_taken_up_again(self):
        with RouterLab('upnp') as lab, Mapper(lab) as killed:
            before = killed.wait('a mapping', state='mapped')
            killed.process.kill()
            killed.process.wait()
            killed.process.stdin.close()
            self.assertTrue(lab.has_mapping())
            with Mapper(lab) as mapper:
                self.assertEqual(mapper.wait('a mapping', state='mapped'), before)
                mapper.stop()
                self.assertFalse(lab.has_mapping())

    def test_a_router_reboot_is_noticed_and_the_port_mapped_anew(self):
        with RouterLab('upnp') as lab, Mapper(lab) as mapper:
            found = mapper.wait('a mapping', state='mapped')
            self.assertTrue(lab.reaches_within(60, found['external']))
            lab('reboot', 'office', '--down', '0.2')
            self.assertTrue(lab.reaches_within(60, found['external']))

    def test_a_new_outside_address_is_found(self):
        with RouterLab('upnp') as lab, Mapper(lab) as mapper:
            mapper.wait('a mapping', state='mapped')
            address = lab('newip', 'office').strip()
            found = mapper.wait('the new address', state='mapped', external=f'{address}:{PORT}')
            self.assertTrue(lab.reaches_within(60, found['external']))

    def test_behind_a_carriers_nat_the_router_is_found_out(self):
        with RouterLab('cgnat-upnp') as lab, Mapper(lab) as mapper:
            # miniupnpd sees it too and refuses; routers that map nevertheless are a unit test's.
            found = mapper.wait('a finding', state='refused')
            self.assertIn('stands in front of it', found['reason'])


if __name__ == '__main__':
    if os.geteuid() != 0:
        print('skipped: network namespaces need root')
        sys.exit(77)
    unittest.main()
