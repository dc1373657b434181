"""Two copies of one office: the state folder was copied to a second computer, and both were started."""

import shutil
import unittest

from bridge import BridgeTest, eventually, pair


class TakeOver(BridgeTest):
    def test_the_original_learns_of_its_copy_and_lets_nobody_in_until_it_takes_over(self):
        pair(self.office, self.laptop)
        self.office.listen = self.office.json("status")["node"]["listen"][0].removeprefix("udp://")
        self.assertEqual(self.office.refused("take-over")["code"], "state")
        self.office.stop()
        copy = self.node("copy", listen=self.office.listen)
        shutil.copytree(self.office.state, copy.state)
        copy.start()
        self.laptop.connected_to("office")
        copy.stop()

        self.office.start()
        eventually(lambda: self.office.json("status")["node"]["displaced"], 60, "the office knows of its copy")
        self.assertIn("take-over", self.office.run("status"))
        self.office.stop()
        self.office.start()
        self.assertTrue(self.office.json("status")["node"]["displaced"])
        self.assertIn('"type":"displaced"', self.office.run("audit", "show", "--json").replace(" ", ""))

        self.office.run("take-over")
        self.office.run("wait", "--ready", "--timeout", "60s")
        self.laptop.connected_to("office")
        self.assertFalse(self.office.json("status")["node"]["displaced"])

        # Now it is the copy that has to learn.
        self.office.stop()
        copy.start()
        eventually(lambda: copy.json("status")["node"]["displaced"], 60, "the copy knows of the office")


if __name__ == "__main__":
    unittest.main()
