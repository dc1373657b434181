"""From nothing to a paired laptop, and who may reach what."""

import subprocess
import unittest

from bridge import CLI, BridgeTest, eventually, pair


class Pairing(BridgeTest):
    def test_a_laptop_joins_by_link_and_both_sides_show_each_other(self):
        device = pair(self.office, self.laptop, "--allow", "files")
        self.assertEqual(device["grants"], ["files"])
        self.assertEqual(device["state"], "connected")
        peer = self.laptop.peer("office")
        self.assertEqual((peer["role"], peer["state"], peer["path"]["kind"]), ("office", "connected", "direct"))
        self.assertEqual(peer["id"], self.office.json("status")["node"]["id"])

    def test_a_code_written_as_picture_is_joined_from_the_picture(self):
        picture = self.path("code.png")
        self.office.json("pair", "--qr", "png", "--output", picture)
        joined = self.laptop.json("join", "--from-image", picture, "--name", "notebook")
        self.assertEqual(joined["office"]["name"], "office")
        self.assertEqual([device["name"] for device in self.office.json("devices")], ["notebook"])

    def test_pair_waits_and_names_who_joined(self):
        waiting = subprocess.Popen([CLI, "--state", self.office.state, "pair", "--name", "laptop"], text=True,
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        link = next(line for line in waiting.stdout if "drawbridge:#" in line).split("'")[1]
        self.laptop.json("join", link)
        rest, _ = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0)
        self.assertIn(f"laptop joined ({self.laptop.json('status')['node']['id']})", rest)

    def test_a_code_works_once(self):
        link = self.office.run("pair", "--link-only").strip()
        self.laptop.json("join", link)
        phone = self.node("phone")
        phone.init()
        phone.start()
        self.assertIn(phone.refused("join", link)["code"], ("unreachable", "expired"))
        self.assertEqual(len(self.office.json("devices")), 1)

    def test_a_damaged_or_foreign_link_is_refused_in_words(self):
        link = self.office.run("pair", "--link-only").strip()
        for wrong in (link[:-1], link[:30] + ("x" if link[30] != "x" else "y") + link[31:], "https://example.org/#abc", "nonsense", link + "A"):
            with self.subTest(link=wrong):
                refusal = self.laptop.refused("join", wrong)
                self.assertEqual(refusal["exit"], 1)
                self.assertIn(refusal["code"], ("malformed", "invalid_argument"))
                self.assertTrue(refusal["remedy"])

    def test_an_expired_code_meets_silence_and_the_laptop_says_what_that_may_mean(self):
        link = self.office.run("pair", "--link-only", "--expires", "1s").strip()
        eventually(lambda: not self.office.json("status")["invitations"], 60, "the invitation is over")
        refusal = self.laptop.refused("join", link)
        self.assertEqual(refusal["code"], "unreachable")
        self.assertIn("drawbridge pair", refusal["remedy"])

    def test_interrupting_pair_withdraws_the_code(self):
        waiting = subprocess.Popen([CLI, "--state", self.office.state, "pair"], text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        next(line for line in waiting.stdout if "drawbridge:#" in line)
        waiting.terminate()
        waiting.communicate(timeout=60)
        self.assertEqual(self.office.json("status")["invitations"], [])

    def test_two_daemons_on_one_state_are_refused(self):
        from bridge import DAEMON
        second = subprocess.run([DAEMON, "--state", self.office.state], capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 1)
        self.assertTrue(second.stderr.strip())
        self.assertEqual(self.office.json("status")["node"]["name"], "office")


if __name__ == "__main__":
    unittest.main()
