#!/usr/bin/env python3
"""A dozen telling cells of the NAT matrix, with the real daemons. All of them, with times: matrix.py."""
import os
import shutil
import sys
import unittest

from cells import Cell, runs
from lab import Household, temporary_folder


class MatrixTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder()
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.paired = Household.paired(cls.folder)

    def outcome(self, office, laptop, letter, *flags):
        """Of one run; the letter says how long a direct path is waited for."""
        return next(iter(runs(Cell(office, laptop, letter, flags), 1, self.paired, os.path.join(self.folder, 'run-0'), explain=True)))

    def meets_directly(self, *cell):
        outcome = self.outcome(*cell[:2], 'E', *cell[2:])
        self.assertIsNotNone(outcome.direct_ms, f'{cell}: {outcome}')
        return outcome

    def is_relayed(self, office, laptop, cause):
        outcome = self.outcome(office, laptop, 'R')
        self.assertIsNone(outcome.direct_ms, f'{office} × {laptop}: {outcome}')
        self.assertEqual(outcome.cause, cause)

    def test_two_common_home_routers_meet_directly(self):
        self.meets_directly('port-restricted', 'port-restricted')

    def test_two_routers_of_the_kernels_kind_meet_directly(self):
        self.meets_directly('linux', 'linux')

    def test_an_early_probe_that_a_router_takes_for_its_own_spoils_nothing_where_the_other_end_admits_any_port(self):
        self.meets_directly('linux-open', 'full-cone')

    def test_two_routers_that_take_early_probes_for_their_own_meet_directly(self):
        self.meets_directly('linux-open', 'linux-open')

    def test_an_office_behind_a_symmetric_router_meets_a_public_laptop_directly(self):
        self.meets_directly('symmetric', 'public')

    def test_a_phone_network_meets_an_office_that_filters_by_address_directly(self):
        self.meets_directly('addr-restricted', 'lte')

    def test_two_routers_on_each_side_make_no_difference(self):
        self.meets_directly('cgnat', 'cgnat')

    def test_a_port_that_the_offices_router_opens_lets_a_phone_network_in(self):
        self.meets_directly('upnp', 'lte')

    def test_a_port_that_the_laptops_router_opens_serves_an_office_in_a_phone_network(self):
        self.meets_directly('lte', 'upnp')

    def test_ipv6_on_both_sides_is_used_whatever_ipv4_is_like(self):
        self.assertIn('2001:db8', self.meets_directly('symmetric+v6', 'symmetric+v6').remote)

    def test_hosts_without_ipv4_meet_directly(self):
        self.meets_directly('v6only', 'v6only')

    def test_both_in_one_network_meet_there(self):
        self.assertIn('192.168.10.', self.meets_directly('port-restricted', 'port-restricted', '--same-lan').remote)

    def test_the_same_private_address_on_both_sides_does_not_mislead(self):
        self.meets_directly('port-restricted', 'full-cone', '--same-subnet')

    def test_a_router_that_counts_its_ports_up_is_foreseen(self):
        self.meets_directly('port-restricted', 'symmetric-seq')

    def test_two_routers_with_unforeseeable_ports_are_relayed_and_named_as_the_cause(self):
        self.is_relayed('symmetric', 'lte', 'relayed_ports_both')

    def test_a_laptop_whose_network_lets_no_udp_out_is_relayed_and_says_so(self):
        self.is_relayed('full-cone', 'udp-blocked', 'relayed_udp_blocked_here')

    def test_an_office_without_ipv4_and_a_laptop_without_ipv6_are_relayed_and_told_why(self):
        self.is_relayed('v6only', 'port-restricted', 'relayed_no_common_family')


if __name__ == '__main__':
    if os.geteuid() != 0:
        print('skipped: network namespaces need root')
        sys.exit(77)
    unittest.main()
