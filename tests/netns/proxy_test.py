#!/usr/bin/env python3
"""A network that lets nothing out but its HTTP proxy (tinyproxy, which asks for a password): the bridge comes through it."""
import os
import shutil
import subprocess
import sys
import unittest
from unittest import mock

from cells import paths_of
from lab import Household, Lab, eventually, temporary_folder
from transfer import PORT, Transfer

PROXY_PORT = 3128
PASSWORD = 'tellnobody7'
PATIENCE = 120
# The proxy runs as this user; the firewall lets nobody else out, and no UDP at all.
PROXY_USER = 'nobody'
FIREWALL = f'''
table inet office_network {{
  chain out {{
    type filter hook output priority 0; policy drop;
    oifname "lo" accept
    meta skuid "{PROXY_USER}" tcp dport 443 accept
    ct state established accept
  }}
}}
'''
CONFIGURATION = '''
User {user}
Port {port}
Listen 127.0.0.1
Timeout 600
LogFile "{log}"
LogLevel Connect
MaxClients 50
ConnectPort 443
BasicAuth ann {password}
'''


class ProxyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder()
        os.chmod(cls.folder, 0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.paired = Household.paired(cls.folder, [('stream', f'127.0.0.1:{PORT}')])

    def setUp(self):
        self.lab = self.enterContext(Lab('p', office='port-restricted', laptop='linux'))
        self.home = self.paired.copy(os.path.join(self.folder, 'run'))
        self.addCleanup(self.home.stop)
        self.addCleanup(self.explain)
        subprocess.run(self.lab.command('laptop', 'nft', '-f', '-'), input=FIREWALL, text=True, check=True)
        self.start_proxy()

    def start_proxy(self):
        self.proxy_log = os.path.join(self.folder, 'tinyproxy.log')
        open(self.proxy_log, 'w').close()
        os.chmod(self.proxy_log, 0o666)
        configuration = os.path.join(self.folder, 'tinyproxy.conf')
        with open(configuration, 'w') as file:
            file.write(CONFIGURATION.format(user=PROXY_USER, port=PROXY_PORT, log=self.proxy_log, password=PASSWORD))
        proxy = subprocess.Popen(self.lab.command('laptop', 'tinyproxy', '-d', '-c', configuration), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (proxy.kill(), proxy.wait()))

    def explain(self):
        outcome = self._outcome.result
        if any(test is self for test, _ in outcome.failures + outcome.errors):
            sys.stderr.write(self.home.logs())

    def setting(self, url):
        path = os.path.join(self.home.laptop.state, 'config.toml')
        with open(path, 'w') as file:
            file.write(f'[network]\nproxy = "{url}"\n')
        os.chmod(path, 0o600)

    def url(self, password=PASSWORD):
        return f'http://ann:{password}@127.0.0.1:{PROXY_PORT}'

    def comes_through(self):
        first = eventually(lambda: paths_of(self.home.laptop), PATIENCE, 'the office answers')[0]
        self.assertTrue(first['path'].startswith('relayed by '), first)
        transfer = Transfer(self.lab, self.home.laptop.address_of('stream'), 4 << 20, 64 << 20)
        try:
            transfer.assert_complete(PATIENCE, 'through the proxy')
        finally:
            transfer.end()
        with open(self.proxy_log) as log:
            self.assertIn('CONNECT relay.natlab.test:443', log.read())

    def test_the_proxy_of_the_settings_is_used(self):
        self.setting(self.url())
        self.home.start(self.lab)
        self.comes_through()

    def test_the_proxy_of_the_environment_is_used(self):
        with mock.patch.dict(os.environ, {'https_proxy': self.url()}):
            self.home.start(self.lab)
        self.comes_through()

    def test_a_wrong_password_is_told_without_being_shown(self):
        self.setting(self.url(password='mistaken9'))
        self.home.start(self.lab)
        refused = eventually(lambda: [event for event in self.home.laptop.events('relay_unreachable') if 'password' in event['message']], PATIENCE, 'the refusal')
        self.assertIn('config', refused[0]['remedy'])
        with open(self.home.laptop.log) as log:
            self.assertNotIn('mistaken9', log.read())
        self.assertEqual(paths_of(self.home.laptop), [])


if __name__ == '__main__':
    if os.geteuid() != 0:
        print('skipped: network namespaces need root')
        sys.exit(77)
    unittest.main()
