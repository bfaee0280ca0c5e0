"""Waiting for a web server that is not there yet."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config.demo.exceptions import DemoError
from config.demo.waiting import until_ready


class Readiness(BaseHTTPRequestHandler):
    """Not ready when asked the first time, ready when asked again."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(503 if len(self.asked) == 1 else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_it_asks_until_the_server_is_ready() -> None:
    server = HTTPServer(("127.0.0.1", 0), Readiness)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        until_ready(f"http://127.0.0.1:{server.server_port}", patience=10)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert Readiness.asked == ["/readyz", "/readyz"]


def test_patience_ends_with_the_next_step() -> None:
    with HTTPServer(("127.0.0.1", 0), Readiness) as closed:
        url = f"http://127.0.0.1:{closed.server_port}"
    with pytest.raises(DemoError, match=r"not ready. Start Winnow with `manage.py up --demo`"):
        until_ready(url, patience=0)
