"""A client of the events API that costs little: one thread, raw sockets, bodies of a template."""

from __future__ import annotations

import os
import selectors
import socket
import sys
import time
import uuid

import msgspec

EVENT = (
    b'{"id":"%s","type":"click","user":"u%d","item":"i%d","request_id":"%s",'
    b'"properties":{"page":"home","place":%d}}'
)


class Sent(msgspec.Struct, kw_only=True):
    """What one process sent: `seconds` from request to answer, of each batch that got a 202."""

    acknowledged: int = 0
    refused: int = 0
    seconds: list[float] = []


def send(port: int, key: str, duration: float, connections: int, batch: int) -> Sent:
    """Send batches for `duration` seconds, each connection the next one as soon as it may."""
    sent = Sent()
    with selectors.DefaultSelector() as selector:
        for number in range(connections):
            line = Connection(port, key, batch, number)
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.send()
        until = time.perf_counter() + duration
        while selector.get_map():
            for chosen, _ in selector.select(timeout=30):
                line = chosen.data
                if not line.receive(sent):
                    continue
                if time.perf_counter() < until:
                    line.send()
                else:
                    selector.unregister(line.socket)
                    line.socket.close()
    return sent


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int, key: str, batch: int, number: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            "POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: "
        ).encode()
        self._batch = batch
        self._user = number * 7919
        self._answer = b""
        self._sent_at = 0.0

    def send(self) -> None:
        """Send a batch of events that nobody sent before."""
        first = uuid.uuid4().hex[:24].encode()
        self._user += 1
        events = b",".join(
            EVENT % (b"%s%04d" % (first, n), (self._user + n) % 50_000, n % 977, first, n)
            for n in range(self._batch)
        )
        body = b'{"events":[%s]}' % events
        self._answer = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(self._head + b"%d\r\n\r\n%s" % (len(body), body))

    def receive(self, sent: Sent) -> bool:
        """Read what is there; True once the answer is whole, and then counted in `sent`."""
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < content_length(head):
            return False
        if head.startswith(b"HTTP/1.1 202") and b'"accepted":%d,' % self._batch in body:
            sent.acknowledged += self._batch
            sent.seconds.append(time.perf_counter() - self._sent_at)
        else:
            sent.refused += self._batch
        return True


def content_length(head: bytes) -> int:
    """Of a body, as its answer says."""
    name = b"content-length: "
    return next(int(x[len(name) :]) for x in head.lower().split(b"\r\n") if x.startswith(name))


if __name__ == "__main__":
    port, duration, connections, batch = sys.argv[1:]
    sent = send(int(port), os.environ["WINNOW_KEY"], float(duration), int(connections), int(batch))
    sys.stdout.buffer.write(msgspec.json.encode(sent))
