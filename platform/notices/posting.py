"""One POST to an address that somebody typed: it has 5 seconds, and is not sent elsewhere."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 5.0
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
LONGEST_LINE = 4096
GONE = 410


@dataclass(frozen=True)
class Answer:
    """`status` is None where there was none; `error` says in words what is wrong, empty if
    nothing.
    """

    status: int | None
    error: str = ""

    @property
    def final(self) -> bool:
        """Whether the receiver wants no repetition: it took it, or says that it is gone."""
        return not self.error or self.status == GONE


def post(
    url: str, payload: bytes, headers: Mapping[str, str], *, timeout: float = TIMEOUT
) -> Answer:
    """Whether the receiver took it: by any 2xx. Nothing it sends after its status is read."""
    deadline = time.monotonic() + timeout
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, payload, dict(headers))
        return _read(_status(connection.sock, deadline))
    except TimeoutError:
        return Answer(None, f"It did not answer within {timeout:g} seconds.")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(None, f"It could not be reached: {_said(error)}.")
    finally:
        connection.close()


def _status(sock: socket.socket, deadline: float) -> int | None:
    """The number in the first line. Raises TimeoutError however slowly it trickles in."""
    line = b""
    while b"\n" not in line and len(line) < LONGEST_LINE:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
        part = sock.recv(LONGEST_LINE)
        if not part:
            break
        line += part
    found = STATUS_LINE.match(line)
    return int(found[1]) if found else None


def _read(status: int | None) -> Answer:
    if status is None:
        return Answer(None, "What it answered is no HTTP.")
    if 200 <= status < 300:
        return Answer(status)
    if 300 <= status < 400:
        return Answer(status, f"It answered {status}. No redirect is followed: give where it ends.")
    word = http.client.responses.get(status, "")
    return Answer(status, f"It answered {status} {word}".strip() + ".")


def _said(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
