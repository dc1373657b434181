"""What a browser does with the address of a service, said in raw requests."""

import contextlib
import http.client
import socket
from urllib.parse import urlsplit

from bridge import eventually


def url_of(node, service):
    """The address that a device's browser opens."""
    return eventually(lambda: next((one["url"] for one in node.json("services") if one["name"] == service and one["url"]), None), 60, f"{service} has an address")


class Browser:
    """Names below localhost lead to this machine, as in browsers, whatever the system's resolver thinks."""

    def __init__(self, url):
        self.host = urlsplit(url).netloc
        self.port = urlsplit(url).port

    def ask(self, method, path, body=None, headers=None):
        """(status, headers, body)"""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=240)) as connection:
            connection.request(method, path, body=body, headers={"Host": self.host, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def raw(self, text):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(text)
        return connection
