"""A real HTTP server with a scripted answer for each request, and a record of what it was sent."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """`troubles` are used up first, one a request: a status, or 0 for a cut connection."""

    slate: list[str]
    troubles: list[int] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [body for at, _, body in self.requests if at == path]


@contextmanager
def serving(script: Script) -> Iterator[Script]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with script.lock:
                script.requests.append((self.path, self.headers["Authorization"], body))
                trouble = script.troubles.pop(0) if script.troubles else 200
            if trouble == 0:
                self.close_connection = True
                return
            answer = _answer(script, self.path, body) if trouble < 300 else {"detail": "no"}
            document = json.dumps(answer).encode()
            self.send_response(trouble)
            self.send_header("Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _answer(script: Script, path: str, body: dict[str, Any]) -> dict[str, Any]:
    if path.endswith("/events"):
        return {"accepted": len(body["events"]), "duplicates": 0, "rejected": []}
    items = [{"item": key, "position": at} for at, key in enumerate(script.slate, start=1)]
    known = {"variant": "popular", "served_by": "web", "fallback": None, "items": items}
    return {"request_id": body["request_id"], **known}
