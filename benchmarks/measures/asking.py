"""A client of one address that costs little: one thread, raw sockets, one body for all requests."""

from __future__ import annotations

import selectors
import socket
import sys
import time

import msgspec

from benchmarks.measures.sender import content_length

BODY = b'{"user":"user-0000042","attributes":{"country":"NL","age":34,"plan":"pro"},"device":"d7"}'


class Asked(msgspec.Struct, kw_only=True):
    """The seconds from each request to its answer; all answers were 200."""

    seconds: list[float] = []


def ask(port: int, key: str, address: str, duration: float, connections: int) -> Asked:
    """Ask for `duration` seconds, each connection again as soon as it is answered."""
    asked = Asked()
    request = _request(address, key)
    with selectors.DefaultSelector() as selector:
        for _ in range(connections):
            line = socket.create_connection(("127.0.0.1", port))
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(request)
            selector.register(line, selectors.EVENT_READ, time.perf_counter())
        until = time.perf_counter() + duration
        while selector.get_map():
            for chosen, _ in selector.select(timeout=30):
                line = chosen.fileobj  # type: ignore[assignment]
                _read(line)
                now = time.perf_counter()
                asked.seconds.append(now - chosen.data)
                if now < until:
                    line.sendall(request)
                    selector.modify(line, selectors.EVENT_READ, now)
                else:
                    selector.unregister(line)
                    line.close()
    return asked


def _request(address: str, key: str) -> bytes:
    head = (
        f"POST {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


def _read(line: socket.socket) -> None:
    """Waits for the rest of an answer of which something is there."""
    answer = b""
    while True:
        answer += (data := line.recv(65_536))
        head, found, body = answer.partition(b"\r\n\r\n")
        if found and len(body) >= content_length(head):
            break
        if not data:
            raise ConnectionError("the server closed the connection")
    if not head.startswith(b"HTTP/1.1 200"):
        raise AssertionError(answer.decode(errors="replace"))


if __name__ == "__main__":
    port, key, address, duration, connections = sys.argv[1:]
    answers = ask(int(port), key, address, float(duration), int(connections))
    sys.stdout.buffer.write(msgspec.json.encode(answers))
