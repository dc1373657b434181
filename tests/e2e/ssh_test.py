"""OpenSSH by ProxyCommand, with rsync and git on top."""

import filecmp
import os
import shlex
import subprocess
import unittest

from bridge import CLI, BridgeTest, pair
from servers import OpenSsh


class SecureShell(BridgeTest):
    def setUp(self):
        super().setUp()
        self.sshd = OpenSsh(self)
        self.office.json("expose", "ssh", f"127.0.0.1:{self.sshd.port}")
        pair(self.office, self.laptop, "--allow", "ssh")
        self.laptop.address_of("ssh")
        proxy = f"{shlex.quote(os.path.abspath(CLI))} --state {shlex.quote(self.laptop.state)} connect ssh --stdio"
        self.options = self.sshd.write_client_config(proxy)

    def ssh(self, command, **options):
        return subprocess.run(["ssh", *self.options, "office", command], capture_output=True, timeout=240, **options)

    def test_a_command_runs_and_its_exit_code_and_streams_come_back(self):
        done = self.ssh("cat; echo to-the-error >&2; exit 7", input=b"from the laptop")
        self.assertEqual((done.returncode, done.stdout), (7, b"from the laptop"))
        self.assertIn(b"to-the-error", done.stderr)

    def test_ten_megabytes_pass_each_way_unchanged(self):
        data = os.urandom(10 << 20)
        self.assertEqual(self.ssh("cat", input=data).stdout, data)

    def test_rsync_copies_a_tree_and_then_nothing(self):
        source, target = self.path("tree"), self.path("copy")
        for number in range(40):
            folder = os.path.join(source, f"folder {number % 5}")
            os.makedirs(folder, exist_ok=True)
            with open(os.path.join(folder, f"file-{number}"), "wb") as file:
                file.write(os.urandom(20_000 * (number % 4)))
        rsync = ["rsync", "-a", "--itemize-changes", "-e", " ".join(["ssh", *self.options]), source + "/", f"office:{target}/"]
        subprocess.run(rsync, check=True, capture_output=True, timeout=240)
        self.assertEqual(self.differences(source, target), [])
        again = subprocess.run(rsync, check=True, capture_output=True, timeout=240)
        self.assertEqual(again.stdout, b"")

    def differences(self, left, right):
        comparison = filecmp.dircmp(left, right)
        found = comparison.left_only + comparison.right_only + comparison.funny_files
        _, wrong, errors = filecmp.cmpfiles(left, right, comparison.common_files, shallow=False)
        for name in comparison.common_dirs:
            found += self.differences(os.path.join(left, name), os.path.join(right, name))
        return found + wrong + errors

    def test_git_pushes_and_clones(self):
        environment = {**os.environ, "GIT_SSH_COMMAND": " ".join(["ssh", *self.options]), "GIT_CONFIG_GLOBAL": "/dev/null",
                       "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}

        def git(*arguments):
            return subprocess.run(["git", *arguments], check=True, capture_output=True, timeout=240, env=environment, text=True).stdout.strip()
        bare, work, clone = self.path("bare.git"), self.path("work"), self.path("clone")
        git("init", "-q", "--bare", "-b", "main", bare)
        git("init", "-q", "-b", "main", work)
        with open(os.path.join(work, "letter"), "wb") as file:
            file.write(os.urandom(3 << 20))
        git("-C", work, "add", "letter")
        git("-C", work, "commit", "-q", "-m", "A letter")
        git("-C", work, "push", "-q", f"office:{bare}", "main")
        git("clone", "-q", f"office:{bare}", clone)
        self.assertEqual(git("-C", clone, "rev-parse", "HEAD"), git("-C", work, "rev-parse", "HEAD"))
        self.assertTrue(filecmp.cmp(os.path.join(work, "letter"), os.path.join(clone, "letter"), shallow=False))


if __name__ == "__main__":
    unittest.main()
