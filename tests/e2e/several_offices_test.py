"""One device with several offices, and a device that is an office to another one of its owner's."""

import os
import unittest

from bridge import BridgeTest, pair
from browser import Browser, url_of
from servers import Echo, exchange


class SeveralOffices(BridgeTest):
    """The laptop is paired with two offices, which do not know each other and name a service alike."""

    def setUp(self):
        super().setUp()
        self.home = self.node("home")
        self.home.init()
        self.home.start()
        for office in (self.office, self.home):
            folder = self.path(f"{office.name}-files")
            os.mkdir(folder)
            with open(os.path.join(folder, "whose.txt"), "w") as file:
                file.write(office.name)
            office.json("expose", "files", f"folder:{folder}")
            pair(office, self.laptop, "--allow", "files")

    def whose(self, service):
        return Browser(service["url"]).ask("GET", "/whose.txt")[2].decode()

    def offered(self):
        return {service["office"]: service for service in self.laptop.json("services")}

    def test_each_office_has_its_own_services_addresses_and_names(self):
        url_of(self.laptop, "files")
        offered = self.offered()
        self.assertEqual(set(offered), {"office", "home"})
        self.assertEqual(len({service["address"] for service in offered.values()}), 2)
        for name, service in offered.items():
            self.assertEqual(self.whose(service), name)
            self.assertIn(f"files.{name}.localhost", service["url"])

    def test_one_that_is_off_or_revokes_leaves_the_other_as_it_is(self):
        url_of(self.laptop, "files")
        self.office.kill()
        self.assertEqual(self.whose(self.offered()["home"]), "home")
        self.office.start()
        self.laptop.connected_to("office")
        self.office.json("revoke", "laptop")
        self.laptop.run("wait", "--connected", "home", "--timeout", "60s")
        self.assertEqual(self.whose(self.offered()["home"]), "home")
        self.assertEqual(set(self.offered()), {"home"})


class DeviceAsOffice(BridgeTest):
    """The laptop is the office's device, and has services for a tablet."""

    def test_a_device_exposes_services_to_another_and_keeps_its_office(self):
        tablet = self.node("tablet")
        tablet.init()
        tablet.start()
        at_office, at_laptop = Echo(), Echo()
        self.office.json("expose", "echo", f"127.0.0.1:{at_office.port}")
        pair(self.office, self.laptop, "--allow", "echo")
        self.laptop.json("expose", "notes", f"127.0.0.1:{at_laptop.port}")
        pair(self.laptop, tablet, "--allow", "notes")
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"to the office"), b"to the office")
        self.assertEqual(exchange(tablet.address_of("notes"), b"to the laptop"), b"to the laptop")
        # What the laptop may reach is not the tablet's.
        self.assertEqual([service["name"] for service in tablet.json("services")], ["notes"])
        self.assertEqual([device["name"] for device in self.laptop.json("devices")], ["tablet"])
        self.assertEqual([device["name"] for device in self.office.json("devices")], ["laptop"])
        self.laptop.json("revoke", "tablet")
        self.laptop.connected_to("office")
        self.assertEqual(exchange(self.laptop.address_of("echo"), b"still"), b"still")


if __name__ == "__main__":
    unittest.main()
