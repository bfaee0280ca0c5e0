"""Real receivers on this machine: one of webhooks, with a scripted answer each, and one of mail."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SILENT, GARBLED, CUT, TRICKLE = 0, -1, -2, -3
"""Answers that are no status: none at all, no HTTP, a closed line, a byte now and then."""


@dataclass
class Receiver:
    """`answers` are used up one a request, then all is well."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@contextmanager
def receiving(*answers: int) -> Iterator[Receiver]:
    receiver = Receiver(list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks?team=a"
    with _served(server):
        yield receiver
        receiver.released.set()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(({**headers, ":path": self.path}, body))
            self._answer(receiver.answers.pop(0) if receiver.answers else 204)

        def _answer(self, answer: int) -> None:
            self.close_connection = True
            if answer == SILENT:
                receiver.released.wait(60)
            elif answer == GARBLED:
                self.wfile.write(b"+OK hello\r\n")
            elif answer == TRICKLE:
                self._trickle()
            elif answer != CUT:
                self.send_response(answer)
                if answer in (301, 302, 307):
                    self.send_header("Location", receiver.url)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def _trickle(self) -> None:
            try:
                while not receiver.released.is_set():
                    self.wfile.write(b"H")
                    time.sleep(0.05)
            except OSError:
                pass  # nobody listens any more

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@dataclass
class Mailbox:
    messages: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """As much of an SMTP server as takes mail."""
    box = Mailbox()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _smtp(box))
    box.url = f"smtp://127.0.0.1:{server.server_address[1]}"
    with _served(server):
        yield box


def _smtp(box: Mailbox) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline().decode().strip():
                word = line.split(" ")[0].upper()
                if word == "DATA":
                    self._say("354 go on")
                    box.messages.append(self._data())
                self._say("221 bye" if word == "QUIT" else "250 fine")
                if word == "QUIT":
                    return

        def _data(self) -> str:
            lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
            return "".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    return Handler


@contextmanager
def _served(server: socketserver.TCPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
