"""Fifty devices come back at once when their office does."""

import unittest

from bridge import BridgeTest, eventually, pair

DEVICES = 50


class ManyDevices(BridgeTest):
    def test_fifty_devices_are_back_by_themselves_and_nobody_is_refused(self):
        port = self.office.json("status")["node"]["listen"][0].rsplit(":", 1)[1]
        self.office.listen = f"127.0.0.1:{port}"
        for number in range(DEVICES):
            device = self.node(f"device-{number}")
            device.init()
            device.start()
            pair(self.office, device)
        self.office.kill()
        self.office.start()
        eventually(lambda: self.connected() == DEVICES, 60, "all are back")
        self.assertEqual([entry for entry in self.office.json("devices") if entry["last_refusal"]], [])
        self.assertEqual(self.node_states(), {"connected"})

    def connected(self):
        return sum(peer["state"] == "connected" for peer in self.office.json("status")["peers"])

    def node_states(self):
        return {node.peer("office")["state"] for node in self.nodes[2:]}


if __name__ == "__main__":
    unittest.main()
