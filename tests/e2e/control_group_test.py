"""A system service's control socket: open to a group, and to nobody else. Needs root, to be other people."""

import grp
import json
import os
import shutil
import subprocess
import unittest

from bridge import CLI, DAEMON, BridgeTest

NOBODY = 65534
GROUP = "users"


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class ControlGroup(BridgeTest):
    start_them = False

    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        # Where others may run it: the build folder can be anywhere.
        self.cli = shutil.copy(CLI, self.folder)
        self.office.init()
        self.group = grp.getgrnam(GROUP).gr_gid
        os.chown(self.office.state, 0, self.group)
        os.chmod(self.office.state, 0o750)

    def status_as(self, group, further):
        """The exit code and answer of `status`, asked by nobody as a member of these groups."""
        done = subprocess.run([self.cli, "--state", self.office.state, "status", "--json"], capture_output=True, text=True,
                              user=NOBODY, group=group, extra_groups=further, timeout=60, cwd="/")
        return done.returncode, json.loads(done.stdout)

    def test_members_of_the_group_control_the_node_and_others_do_not(self):
        self.office.start("--control-group", GROUP)
        for group, further in ((self.group, []), (NOBODY, [self.group])):
            code, status = self.status_as(group, further)
            self.assertEqual((code, status["node"]["name"]), (0, "office"))
        code, answer = self.status_as(NOBODY, [])
        self.assertNotEqual(code, 0, answer)

    def test_without_a_group_the_node_is_its_owners_alone(self):
        self.office.start()
        code, answer = self.status_as(self.group, [self.group])
        self.assertNotEqual(code, 0, answer)

    def test_a_group_that_does_not_exist_is_said(self):
        done = subprocess.run([DAEMON, "--state", self.office.state, "--control-group", "no-such-group"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no group 'no-such-group'", done.stderr)
