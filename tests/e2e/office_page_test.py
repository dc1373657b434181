"""The office's own page, said in raw requests: its one-time link, other sites and users, and as a service of a device."""

import json
import os
import socket
import unittest
import unittest.mock
from urllib.parse import urlsplit

from bridge import BridgeTest, eventually, pair
from browser import Browser, url_of
from other_user import heard_by

NOBODY = 65534
SAME_ORIGIN = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}


class Page(Browser):
    """A browser that asks the page's own way."""

    cookie = None

    def post(self, path, body, **headers):
        sent = {**SAME_ORIGIN, **({"Cookie": self.cookie} if self.cookie else {}), **headers}
        return self.ask("POST", path, json.dumps(body), {name: value for name, value in sent.items() if value is not None})

    def enter(self, link):
        status, headers, _ = self.post("/session", {"link": link})
        if status == 200:
            self.cookie = headers["Set-Cookie"].split(";")[0]
        return status

    def call(self, command, **args):
        """The answers of a command: results, or an error."""
        status, _, body = self.post("/call", {"command": command, "args": args})
        if status != 200:
            return status, json.loads(body)
        lines = [json.loads(line) for line in body.splitlines()]
        return status, lines[-1]

    def result(self, command, **args):
        status, line = self.call(command, **args)
        assert status == 200 and "result" in line, (command, line)
        return line["result"]

    def error(self, command, **args):
        _, line = self.call(command, **args)
        return line["error"]["code"]


class OfficePage(BridgeTest):
    def open(self):
        url = self.office.json("open")["url"]
        page = Page(url)
        page.link = urlsplit(url).fragment.removeprefix("open=")
        return page

    def shared(self):
        os.makedirs(self.path("shared"), exist_ok=True)
        return self.path("shared")

    def entered(self):
        page = self.open()
        self.assertEqual(page.enter(page.link), 200)
        return page

    def listening(self):
        """The TCP ports that the office's daemon listens on."""
        sockets = set()
        for entry in os.scandir(f"/proc/{self.office.process.pid}/fd"):
            try:
                sockets.add(os.readlink(entry.path))
            except FileNotFoundError:
                pass
        ports = []
        for table in ("tcp", "tcp6"):
            with open(f"/proc/{self.office.process.pid}/net/{table}") as lines:
                for line in list(lines)[1:]:
                    fields = line.split()
                    if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                        ports.append(int(fields[1].rsplit(":", 1)[1], 16))
        return ports

    def test_an_office_that_never_opens_it_has_no_port_and_one_that_closes_it_has_none_any_more(self):
        self.assertEqual(self.listening(), [])
        page = self.entered()
        self.assertEqual(set(self.listening()), {page.port})
        self.assertEqual(self.office.json("open", "--close"), {"closed": 1})
        eventually(lambda: not self.listening(), 60, "nothing listens")
        self.assertEqual(self.office.json("open", "--close"), {"closed": 0})

    def test_a_link_lets_in_once_and_a_forged_one_never(self):
        page = self.open()
        self.assertEqual(page.enter("0" * 64), 403)
        self.assertEqual(page.enter(page.link), 200)
        self.assertEqual(page.enter(page.link), 403)
        self.assertEqual(page.result("overview")["status"]["node"]["name"], self.office.name)
        page.cookie = page.cookie[:-1] + ("0" if page.cookie[-1] != "0" else "1")
        self.assertEqual(page.call("overview")[0], 401)

    def test_other_sites_names_and_forms_reach_nothing(self):
        page = self.entered()
        body = {"command": "overview"}
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": None, "Origin": "http://evil.example"}, {"Sec-Fetch-Site": None},
                        {"Origin": f"http://localhost:{page.port}"}):
            self.assertEqual(page.post("/call", body, **headers)[0], 403, headers)
        for host in ("evil.example", f"localhost:{page.port}", f"127.0.0.1:{page.port}", f"evil.office.localhost:{page.port}"):
            self.assertEqual(page.post("/call", body, Host=host)[0], 421, host)
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            self.assertEqual(page.post("/call", body, **{"Content-Type": kind})[0], 415)
        self.assertEqual(page.post("/call", {"command": "x" * 70_000})[0], 413)
        self.assertEqual(page.post("/call", body)[0], 200)

    def test_what_could_run_a_program_or_leave_the_page_is_not_offered(self):
        page = self.entered()
        self.assertEqual(page.error("expose", name="shell", target="command:sh"), "not_allowed")
        for command in ("connect", "join", "leave", "restore", "unlock", "page.open", "debug.dump", "nonsense"):
            self.assertEqual(page.error(command), "not_allowed", command)
        for target in ("folder:" + self.folder, "folder:/", "unix:" + os.path.join(self.office.state, "control.sock")):
            self.assertEqual(page.error("expose", name="state", target=target), "not_allowed", target)
        self.assertEqual(page.result("expose", name="files", target="folder:" + self.shared())["state"], "ready")

    def test_slow_and_idle_connections_are_bounded_and_hold_up_nobody(self):
        page = self.entered()
        idle = []

        def is_reset(connection):
            try:
                return connection.recv(1) == b""
            except BlockingIOError:
                return False
            except ConnectionResetError:
                return True

        def answers():
            try:
                return page.call("traffic")[0] == 200
            except ConnectionError:
                return False

        try:
            for _ in range(70):
                try:
                    idle.append(socket.create_connection(("127.0.0.1", page.port), 60))
                    idle[-1].setblocking(False)
                except ConnectionResetError:
                    break  # as quick as that
            # Those beyond the bound are reset; the commands go on meanwhile.
            eventually(lambda: len(idle) < 70 or any(is_reset(one) for one in idle), 60, "there is a bound")
            self.assertEqual(self.office.json("services"), [])
            self.assertFalse(answers())
        finally:
            for connection in idle:
                connection.close()
        eventually(answers, 60, "there is room again")

    def test_a_device_that_was_granted_it_steers_the_office_on_record_and_cannot_shut_itself_out(self):
        self.office.json("expose", "admin", "office-page")
        laptop = pair(self.office, self.laptop)
        self.assertEqual(self.laptop.json("services"), [])
        self.office.json("allow", "laptop", "admin")
        page = Page(url_of(self.laptop, "admin"))
        self.assertEqual(page.ask("GET", "/")[0], 200)
        seen = page.result("overview")
        self.assertEqual((seen["viewer"]["device"], seen["viewer"]["name"], seen["viewer"]["service"]), (laptop["id"], "laptop", "admin"))
        self.assertEqual(page.post("/call", {"command": "overview"}, **{"Sec-Fetch-Site": "cross-site"})[0], 403)
        self.assertEqual(page.post("/call", {"command": "overview"}, **{"Sec-Fetch-Site": "same-site"})[0], 403)

        page.result("expose", name="files", target="folder:" + self.shared())
        for command, args in (("revoke", {"device": laptop["id"][:12]}), ("deny", {"device": "laptop", "services": ["admin"]}), ("deny", {"device": "laptop", "services": ["files", "*"]}),
                              ("unexpose", {"name": "admin"})):
            self.assertEqual(page.error(command, **args), "state", command)
        self.assertEqual(page.error("take_over"), "not_allowed")
        self.assertEqual(page.error("expose", name="shell", target="command:sh"), "not_allowed")

        records = [json.loads(line) for line in self.office.run("audit", "show", "--json").splitlines()]
        asked = [(one["device_name"], one["service"], one["detail"]) for one in records if one["type"] == "asked_by_device"]
        self.assertEqual(asked, [("laptop", "admin", f"expose files folder:{self.shared()}")])
        self.assertTrue(self.office.json("audit", "verify")["ok"])

        self.office.json("deny", "laptop", "admin")
        eventually(lambda: self.laptop.json("services") == [], 60, "the page is gone from the device")

    def heard_by(self, user, page):
        """What a program of this user hears that uses the link."""
        body = json.dumps({"link": page.link})
        request = (f"POST /session HTTP/1.1\r\nHost: {page.host}\r\nContent-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        return heard_by(user, ("127.0.0.1", page.port), request, 15)

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")
    def test_another_user_who_has_seen_the_link_cannot_use_it(self):
        page = self.open()
        self.assertEqual(self.heard_by(NOBODY, page), b"")
        # The very same, from the owner's program, opens the page.
        self.assertEqual(self.heard_by(0, page), b"HTTP/1.1 200 OK")

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")
    def test_the_page_is_for_whoever_called_sudo(self):
        with unittest.mock.patch.dict(os.environ, {"SUDO_UID": str(NOBODY)}):
            page = self.open()
        self.assertEqual(self.heard_by(0, page), b"")
        self.assertEqual(self.heard_by(NOBODY, page), b"HTTP/1.1 200 OK")


if __name__ == "__main__":
    unittest.main()
