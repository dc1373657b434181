#!/usr/bin/env python3
"""Every fault that natlab knows, in the middle of a transfer in both directions: the open connection goes on, and every byte
arrives as it was sent."""
import os
import shutil
import sys
import unittest

from cells import is_direct, paths_of
from lab import Household, Lab, eventually, temporary_folder
from transfer import PORT, Transfer

RATE = 1 << 20      # bytes a second
LENGTH = 3 * RATE   # so the fault comes in the middle
PATIENCE = 120      # seconds, for a machine that is busy with other things


class FaultsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder()
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.paired = Household.paired(cls.folder, [('stream', f'127.0.0.1:{PORT}')])

    def setUp(self):
        self.lab = self.enterContext(Lab('f', office='port-restricted', laptop='port-restricted'))
        self.home = self.paired.copy(os.path.join(self.folder, 'run'))
        self.addCleanup(self.home.stop)
        self.addCleanup(self.explain)
        self.home.start(self.lab)
        eventually(lambda: any(map(is_direct, paths_of(self.home.laptop))), PATIENCE, 'a direct path')
        self.begin()

    def begin(self):
        self.transfer = Transfer(self.lab, self.home.laptop.address_of('stream'), LENGTH, RATE)
        self.addCleanup(self.transfer.end)
        self.transfer.moves_on(PATIENCE, 'before the fault')

    def explain(self):
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            sys.stderr.write(self.home.logs())

    def goes_on(self, when):
        self.transfer.moves_on(PATIENCE, when)

    def arrives(self):
        self.transfer.assert_complete(PATIENCE, 'the end')
        # The same session all the time: nothing was begun anew that a program could have noticed.
        for node in (self.home.office, self.home.laptop):
            self.assertEqual(node.events('disconnected'), [])

    def during(self, *fault, end=()):
        """While the fault lasts it goes on, and after it."""
        self.lab(*fault)
        self.goes_on(f'during {fault}')
        for verb in end:
            self.lab(*verb)
            self.goes_on(f'after {verb}')
        self.arrives()

    def outage(self, begin, end):
        """Nothing may pass for a while, as long as it takes until the laptop has noticed."""
        self.lab(*begin)
        eventually(lambda: self.home.laptop.peer('office')['state'] != 'connected', PATIENCE, 'the laptop notices')
        self.assertLess(self.transfer.count(), LENGTH)
        self.lab(*end)
        self.goes_on(f'after {end}')
        self.arrives()

    def test_loss_of_a_tenth_at_both_ends(self):
        self.lab('loss', 'office', '10')
        self.during('loss', 'laptop', '10', end=[('clear', 'laptop'), ('clear', 'office')])

    def test_delay_with_reordering_and_copies(self):
        self.during('delay', 'laptop', '40', '--jitter', '20', '--dup', '5', end=[('clear', 'laptop')])

    def test_a_line_narrower_than_what_is_sent(self):
        self.during('delay', 'office', '20', '--rate', '4000', end=[('clear', 'office')])

    def test_no_udp_at_the_laptop(self):
        self.during('block', 'laptop', 'udp', end=[('unblock', 'laptop')])

    def test_no_udp_at_the_office(self):
        self.during('block', 'office', 'udp', end=[('unblock', 'office')])

    def test_no_tcp_at_the_laptop_that_uses_the_relays_websocket(self):
        self.no_tcp_on_a_websocket('laptop')

    def test_no_tcp_at_the_office_that_uses_the_relays_websocket(self):
        self.no_tcp_on_a_websocket('office')

    def no_tcp_on_a_websocket(self, side):
        """Without UDP the relay's WebSocket is the only way of this side; then that is blocked, too."""
        self.lab('block', side, 'udp')
        eventually(lambda: (self.home.laptop.peer('office')['path'] or {}).get('kind') == 'relayed', PATIENCE, 'a relayed path')
        self.arrives()
        self.begin()
        self.outage(('block', side, 'tcp'), ('unblock', side, 'tcp'))

    def test_the_two_cut_off_from_one_another(self):
        self.during('partition', 'office', 'laptop', end=[('heal',)])

    def test_the_laptop_cut_off_from_all(self):
        self.outage(('partition', 'laptop'), ('heal',))

    def test_the_office_cut_off_from_all(self):
        self.outage(('partition', 'office'), ('heal',))

    def test_a_line_that_carries_small_packets_only(self):
        self.during('mtu', 'laptop', '1280')

    def test_new_mappings_at_the_laptop(self):
        self.during('rebind', 'laptop')

    def test_new_mappings_at_the_office(self):
        self.during('rebind', 'office')

    def test_new_mappings_at_both_ends_at_once(self):
        self.lab('rebind', 'office')
        self.during('rebind', 'laptop')

    def test_a_new_public_address_of_the_laptop(self):
        self.during('newip', 'laptop')

    def test_a_new_public_address_of_the_office(self):
        self.during('newip', 'office')

    def test_the_laptops_router_is_restarted(self):
        self.during('reboot', 'laptop', '--down', '1')

    def test_the_offices_router_is_restarted_and_has_another_address(self):
        self.during('reboot', 'office', '--down', '1', '--new-ip')

    def test_the_laptop_goes_to_a_phone_network_and_comes_back(self):
        self.during('roam', 'laptop', 'lte', end=[('roam', 'laptop', 'back')])

    def test_the_office_moves_to_another_line(self):
        self.during('roam', 'office', 'port-restricted')

    def test_another_address_in_the_laptops_own_network(self):
        self.during('readdr', 'laptop')

    def test_the_laptops_cable_is_out_for_a_while(self):
        self.outage(('link', 'laptop', 'down'), ('link', 'laptop', 'up'))

    def test_the_laptop_is_suspended(self):
        self.sleeps('laptop', self.home.office)

    def test_the_office_is_suspended(self):
        self.sleeps('office', self.home.laptop)

    def sleeps(self, host, other):
        self.lab('suspend', host)
        eventually(lambda: other.json('status')['peers'][0]['state'] != 'connected', PATIENCE, 'the other end notices')
        self.lab('resume', host)
        self.goes_on(f'after the sleep of the {host}')
        self.arrives()


if __name__ == '__main__':
    if os.geteuid() != 0:
        print('skipped: network namespaces need root')
        sys.exit(77)
    unittest.main()
