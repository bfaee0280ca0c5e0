"""A real HTTP server that recommends what the most people chose, or misbehaves as it is told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.recommenders.toy import POPULAR


class Server(ThreadingHTTPServer):
    """mode: `good`, or how to misbehave. asked: the bodies that came, with their headers; peers: by
    which connection each did.
    """

    daemon_threads = True
    mode = "good"
    answer: Any = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.peers: list[tuple[str, int]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/recommend?shop=1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((body, dict(self.headers)))
        self.server.peers.append(self.client_address)
        getattr(self, f"_{self.server.mode}")(body)

    def _good(self, body: dict[str, Any]) -> None:
        slates = [
            [
                {"item": item, "score": len(POPULAR) - place}
                for place, item in enumerate(POPULAR)
                if item not in user["exclude"]
            ]
            for user in body["users"]
        ]
        self._send(200, json.dumps({"slates": slates}).encode())

    def _told(self, body: dict[str, Any]) -> None:
        sent = self.server.answer
        self._send(200, sent if isinstance(sent, bytes) else json.dumps(sent).encode())

    def _refuse(self, body: dict[str, Any]) -> None:
        self._send(503, b"out of stock")

    def _redirect(self, body: dict[str, Any]) -> None:
        self.send_response(302)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _silent(self, body: dict[str, Any]) -> None:
        self.server.released.wait(10)
        self.close_connection = True

    def _drip(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.server.released.is_set():
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.005)

    def _cut(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"slates": ')
        self.close_connection = True

    def _hang_up(self, body: dict[str, Any]) -> None:
        self.close_connection = True

    def _leave(self, body: dict[str, Any]) -> None:
        """Answers, and closes the connection without having said so."""
        self._good(body)
        self.close_connection = True

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        return None


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
