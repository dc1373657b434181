"""A web application of the office (`http://` target), unmodified: who asks, redirects, events, WebSocket, a large upload."""

import base64
import contextlib
import hashlib
import http.client
import http.server
import json
import os
import threading
import unittest

from bridge import BridgeTest, pair
from browser import Browser, url_of


class Application(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/login":
            # As many applications do: an absolute address from the Host that it was asked by.
            return self.say(302, Location=f"http://{self.headers['Host']}/headers", Set_Cookie="session=1; HttpOnly")
        if self.path == "/events":
            return self.events()
        if self.headers.get("Upgrade") == "websocket":
            return self.websocket()
        self.say(200, json.dumps(self.headers.items()).encode(), Content_Type="application/json")

    def events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(3):
            self.wfile.write(f"data: {number}\n\n".encode())
            self.server.next_event.wait(60)
            self.server.next_event.clear()
        self.close_connection = True

    def websocket(self):
        same_site = self.headers["Origin"] == "http://" + self.headers["Host"]
        if not same_site:
            return self.say(403)
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        while data := self.connection.recv(65536):
            self.connection.sendall(data)
        self.close_connection = True

    def do_PUT(self):
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left:
            piece = self.rfile.read(min(left, 1 << 20))
            digest.update(piece)
            left -= len(piece)
        self.say(200, digest.hexdigest().encode())


class WebApplication(BridgeTest):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
        self.server.daemon_threads = True
        self.server.next_event = threading.Event()
        self.target = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.office.json("expose", "crm", f"http://{self.target}")
        self.device = pair(self.office, self.laptop, "--allow", "crm")
        self.address = self.laptop.address_of("crm")
        self.url = url_of(self.laptop, "crm")
        self.browser = Browser(self.url)

    def test_the_application_knows_who_asks_by_either_address(self):
        forged = {"Drawbridge-Device": "forged", "drawbridge_device_name": "forged", "X-Forwarded-For": "forged"}

        def by_the_address_itself():
            with contextlib.closing(http.client.HTTPConnection(*self.address, timeout=60)) as connection:
                connection.request("GET", "/headers", headers=forged)
                answer = connection.getresponse()
                return answer.status, answer.headers, answer.read()
        for asked in (lambda: self.browser.ask("GET", "/headers", headers=forged), by_the_address_itself):
            status, _, body = asked()
            self.assertEqual(status, 200)
            self.assertNotIn(b"forged", body)
            seen = dict(json.loads(body))
            self.assertEqual((seen["Drawbridge-Device"], seen["Drawbridge-Device-Name"], seen["Drawbridge-Office"]), (self.device["id"], "laptop", "office"))
            self.assertEqual(seen["Host"], self.target)

    def test_a_redirect_leads_back_to_the_name_that_was_asked_for(self):
        status, headers, _ = self.browser.ask("GET", "/login")
        self.assertEqual((status, headers["Location"]), (302, self.url + "headers"))

    def test_events_arrive_one_by_one(self):
        with self.browser.raw(f"GET /events HTTP/1.1\r\nHost: {self.browser.host}\r\n\r\n".encode()) as browser:
            heard = b""
            for number in range(3):
                while f"data: {number}".encode() not in heard:
                    heard += browser.recv(4096)
                self.assertNotIn(f"data: {number + 1}".encode(), heard)
                self.server.next_event.set()

    def test_a_websocket_of_the_application_s_own_page_works_and_another_s_does_not(self):
        host = self.browser.host

        def open_socket(origin):
            browser = self.browser.raw(f"GET /live HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += browser.recv(1)
            return browser, head
        browser, head = open_socket("http://" + host)
        with browser:
            self.assertTrue(head.startswith(b"HTTP/1.1 101"), head)
            self.assertIn(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", head)
            frame = os.urandom(100_000)
            browser.sendall(frame)
            back = b""
            while len(back) < len(frame):
                back += browser.recv(65536)
            self.assertEqual(back, frame)
        foreign, head = open_socket("http://evil.example")
        foreign.close()
        self.assertTrue(head.startswith(b"HTTP/1.1 403"), head)

    def test_a_large_upload_arrives_whole(self):
        data = os.urandom(48 << 20)
        status, _, body = self.browser.ask("PUT", "/file", body=data)
        self.assertEqual((status, body.decode()), (200, hashlib.sha256(data).hexdigest()))

    def test_the_service_is_for_browsers(self):
        offered = self.laptop.json("services")[0]
        self.assertEqual((offered["kind"], offered["url"]), ("http", self.url))


if __name__ == "__main__":
    unittest.main()
