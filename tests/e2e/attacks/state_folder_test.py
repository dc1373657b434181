"""A state folder that cannot be used: said in a sentence with a remedy, and left as it was."""

import os
import subprocess
import unittest

from bridge import DAEMON, BridgeTest, eventually, pair


def refused_start(state):
    done = subprocess.run([DAEMON, "--state", state, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


class StateFolder(BridgeTest):
    start_them = False

    def test_a_folder_open_to_others_or_behind_a_link_to_a_file_is_refused(self):
        self.office.init()
        os.chmod(self.office.state, 0o777)
        code, said = refused_start(self.office.state)
        self.assertEqual(code, 1)
        self.assertIn("chmod 700", said)
        os.chmod(self.office.state, 0o700)
        with open(self.path("file"), "w"):
            pass
        code, said = refused_start(self.path("file"))
        self.assertEqual(code, 1)
        self.assertIn("drawbridge init", said)

    def test_files_that_are_links_are_not_followed(self):
        self.office.init()
        for name in ("state.db", "daemon.lock"):
            with self.subTest(name=name):
                if os.path.exists(os.path.join(self.office.state, name)):
                    os.unlink(os.path.join(self.office.state, name))
                os.symlink(self.path("elsewhere"), os.path.join(self.office.state, name))
                code, said = refused_start(self.office.state)
                self.assertEqual(code, 1)
                self.assertTrue(said.strip())
                self.assertFalse(os.path.exists(self.path("elsewhere")))
                os.unlink(os.path.join(self.office.state, name))
        self.office.start()

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to give a folder away")
    def test_a_folder_of_another_owner_is_refused(self):
        self.office.init()
        os.chown(self.office.state, 65534, 65534)
        code, said = refused_start(self.office.state)
        self.assertEqual(code, 1)
        self.assertIn("another user", said)
        os.chown(self.office.state, 0, 0)
        self.office.start()

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to mount")
    def test_a_disk_that_turns_read_only_refuses_changes_and_loses_none(self):
        disk = self.office.state
        os.mkdir(disk, 0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", disk], check=True)
        self.addCleanup(lambda: subprocess.run(["umount", "-l", disk], check=True))
        self.office.init()
        self.laptop.init()
        self.office.start()
        self.laptop.start()
        device = pair(self.office, self.laptop)
        self.office.stop()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        code, said = refused_start(disk)
        self.assertEqual(code, 1)
        self.assertIn("ead-only", said)
        refused = self.laptop.refused("init")  # elsewhere nothing has changed
        self.assertEqual(refused["code"], "already_exists")
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        self.office.start()
        self.assertEqual([entry["id"] for entry in self.office.json("devices")], [device["id"]])
        self.assertTrue(eventually(lambda: self.office.json("audit", "verify")["ok"], 60, "the trail is whole"))


if __name__ == "__main__":
    unittest.main()
