#!/usr/bin/env python3
"""LAN discovery: office and laptop in one network, without a relay, and the office's address has changed meanwhile."""
import os
import shutil
import sys
import time
import unittest

from lab import Lab, LabNode, temporary_folder
from bridge import pair

PATIENCE = 120


class LanTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.lab = self.enterContext(Lab('l', '--same-lan', office='port-restricted', laptop='port-restricted'))
        self.office, self.laptop = LabNode(self.folder, 'office'), LabNode(self.folder, 'laptop')
        self.addCleanup(self.end)
        for node in (self.office, self.laptop):
            node.init()
            node.start(self.lab)
        pair(self.office, self.laptop)

    def end(self):
        for node in (self.laptop, self.office):
            node.kill()

    def test_the_device_finds_its_office_at_an_address_that_nobody_has_told_it(self):
        before = self.laptop.peer('office')['path']['remote']
        self.laptop.stop()
        self.lab('readdr', 'office')
        self.laptop.start(self.lab)
        began = time.monotonic()
        self.laptop.connected_to('office', PATIENCE)
        print(f'connected {time.monotonic() - began:.1f} s after its start', file=sys.stderr)
        path = self.laptop.peer('office')['path']
        self.assertEqual(path['kind'], 'direct', path)
        self.assertNotEqual(path['remote'], before)

    def test_without_lan_discovery_it_does_not(self):
        self.laptop.stop()
        with open(os.path.join(self.laptop.state, 'config.toml'), 'a') as config:
            config.write('lan_discovery = false\n')
        self.lab('readdr', 'office')
        self.laptop.start(self.lab)
        with self.assertRaises(Exception):
            self.laptop.connected_to('office', 10)


if __name__ == '__main__':
    if os.geteuid() != 0:
        print('skipped: network namespaces need root')
        sys.exit(77)
    unittest.main()
