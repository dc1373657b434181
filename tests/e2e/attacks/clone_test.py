"""A device whose state was copied: the two put one another out, the owner hears of it, and revoking ends both."""

import shutil
import unittest

from bridge import BridgeTest, eventually, pair


class Clone(BridgeTest):
    def test_a_device_used_in_two_places_is_on_record_and_both_end_with_its_revocation(self):
        pair(self.office, self.laptop)
        self.laptop.stop()
        clone = self.node("clone")
        shutil.copytree(self.laptop.state, clone.state)
        clone.start()
        clone.connected_to("office")
        self.laptop.start()  # a start that comes before one that was here
        eventually(lambda: '"used_in_two_places"' in self.office.run("audit", "show", "--json"), 120, "the office has noticed")
        self.assertEqual(len(self.office.json("devices")), 1)
        # Whichever is put out waits for a minute: they do not put one another out every other second.
        self.assertLess(self.office.run("audit", "show", "--json").count('"connected"'), 6)
        self.office.json("revoke", "laptop")
        for node in (self.laptop, clone):
            eventually(lambda node=node: node.peer("office") is None or node.peer("office")["state"] != "connected", 60, "no copy is connected")
        self.assertEqual(self.office.json("devices")[0]["state"], "revoked")
        self.assertTrue(self.office.json("audit", "verify")["ok"])


if __name__ == "__main__":
    unittest.main()
