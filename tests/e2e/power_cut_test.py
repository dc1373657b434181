"""kill -9 at any moment: what was acknowledged is there, what was not is whole or absent, and everything goes on."""

import random
import threading
import unittest

from bridge import BridgeTest, Failed, pair
from servers import Echo, exchange

ROUNDS = 8


class PowerCuts(BridgeTest):
    def setUp(self):
        super().setUp()
        self.chance = random.Random(self.id())
        self.keep_port()

    def keep_port(self):
        """After a restart the office must be where its devices look for it."""
        port = self.office.json("status")["node"]["listen"][0].rsplit(":", 1)[1]
        self.office.listen = f"127.0.0.1:{port}"

    def cut_power_during(self, work, longest=0.06):
        """Runs `work` in the background, kills the office at a random moment of it, and starts the office again."""
        worker = threading.Thread(target=work)
        worker.start()
        worker.join(self.chance.uniform(0, longest))
        self.office.kill()
        self.office.start()
        worker.join()

    def phone(self, number):
        phone = self.node(f"phone-{number}")
        phone.init()
        return phone.start()

    def test_no_acknowledged_change_is_lost(self):
        acknowledged = []

        def expose_until_the_lights_go_out():
            try:
                for number in range(1000):
                    name = f"s{round_number}-{number}"
                    self.office.json("expose", name, "127.0.0.1:1")
                    acknowledged.append(name)
            except Failed:
                pass
        for round_number in range(ROUNDS):
            self.cut_power_during(expose_until_the_lights_go_out, 0.2)
            exposed = {service["name"] for service in self.office.json("services")}
            self.assertLessEqual(set(acknowledged), exposed)
            self.assertLessEqual(len(exposed - set(acknowledged)), round_number + 1)
            self.assertTrue(self.office.json("audit", "verify")["ok"])
        self.assertTrue(acknowledged)

    def test_a_revocation_holds_once_it_was_acknowledged_and_can_always_be_repeated(self):
        for number in range(ROUNDS):
            device = pair(self.office, self.phone(number))
            acknowledged = []

            def revoke():
                try:
                    acknowledged.append(self.office.json("revoke", device["id"]))
                except Failed:
                    pass
            self.cut_power_during(revoke)
            state = next(entry["state"] for entry in self.office.json("devices") if entry["id"] == device["id"])
            if acknowledged:
                self.assertEqual(state, "revoked")
            if state != "revoked":
                self.office.json("revoke", device["id"])
            self.assertTrue(self.office.json("audit", "verify")["ok"])
        self.assertEqual({entry["state"] for entry in self.office.json("devices")}, {"revoked"})

    def test_a_pairing_cut_off_at_the_office_ends_in_one_pairing_on_both_sides(self):
        echo = Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{echo.port}")
        for number in range(ROUNDS):
            phone = self.phone(number)
            link = self.office.run("pair", "--link-only", "--allow", "echo", "--name", phone.name).strip()
            joined = []

            def join():
                joined.append(phone.json("join", link))  # goes on trying: the office comes back
            self.cut_power_during(join)
            self.assertEqual(joined[0]["office"]["name"], "office")
            phone.connected_to("office")
            self.assertEqual(exchange(phone.address_of("echo"), b"hello"), b"hello")
            listed = [entry["name"] for entry in self.office.json("devices")]
            self.assertEqual(sorted(listed), sorted(node.name for node in self.nodes[2:]))


if __name__ == "__main__":
    unittest.main()
