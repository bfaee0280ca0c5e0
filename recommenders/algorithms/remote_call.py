"""One HTTP call with a deadline on the whole of it, on a connection that is kept open."""

import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from recommenders.exceptions import (
    RemoteBadAnswer,
    RemoteRefused,
    RemoteTimeout,
    RemoteUnreachable,
)

LARGEST = 4 << 20  # bytes of an answer
_OK = 200
_kept = threading.local()


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where to ask, and for how many seconds at most."""

    url: str
    deadline: float
    token: str | None = None

    def ask(self, body: object) -> Any:
        """POST as JSON; the JSON of the answer. Redirects are not followed.

        Raises RemoteTimeout, RemoteUnreachable, RemoteRefused (a status other than 200) or
        RemoteBadAnswer (no JSON, or too much).
        """
        sent = json.dumps(body).encode()
        until = time.monotonic() + self.deadline
        try:
            return self._asked_on_kept(sent, until)
        except _Gone:  # the server had closed the connection since it was last used
            return self._on(self._opened(until), sent, until)

    def _asked_on_kept(self, sent: bytes, until: float) -> Any:
        held = getattr(_kept, "connections", {}).pop(self.url, None)
        if held is None:
            return self._on(self._opened(until), sent, until)
        try:
            return self._on(held, sent, until)
        except RemoteUnreachable:
            raise _Gone from None

    def _opened(self, until: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        https = parts.scheme == "https"
        kind = http.client.HTTPSConnection if https else http.client.HTTPConnection
        connection = kind(str(parts.hostname), parts.port, timeout=_left(until, self.url))
        try:
            connection.connect()
        except TimeoutError:
            raise _late(self.url) from None
        except OSError as error:
            raise RemoteUnreachable(self.url, str(error)) from None
        return connection

    def _on(self, connection: http.client.HTTPConnection, sent: bytes, until: float) -> Any:
        # A time-out of a socket is for each read; a server that drips bytes would never meet it.
        ended = threading.Event()
        alarm = threading.Timer(_left(until, self.url), _end, (connection.sock, ended))
        alarm.daemon = True
        alarm.start()
        try:
            response, body = self._exchanged(connection, sent)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if ended.is_set() or isinstance(error, TimeoutError):
                raise _late(self.url) from None
            raise RemoteUnreachable(self.url, str(error) or type(error).__name__) from None
        finally:
            alarm.cancel()
        if ended.is_set():
            connection.close()
            raise _late(self.url)
        return self._judged(connection, response, body)

    def _exchanged(
        self, connection: http.client.HTTPConnection, sent: bytes
    ) -> tuple[http.client.HTTPResponse, bytes]:
        parts = urlsplit(self.url)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request("POST", path, sent, headers)
        response = connection.getresponse()
        return response, response.read(LARGEST + 1)

    def _judged(
        self,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        body: bytes,
    ) -> Any:
        """The answer; the connection is kept where all of it was read."""
        if response.isclosed() and not response.will_close:
            _keep(self.url, connection)
        else:
            connection.close()
        if response.status != _OK:
            raise RemoteRefused(self.url, response.status, body[:200].decode(errors="replace"))
        if len(body) > LARGEST:
            raise RemoteBadAnswer(self.url, f"more than {LARGEST:,} bytes")
        if response.length:
            raise RemoteUnreachable(self.url, "the connection broke within the answer")
        return _decoded(self.url, body)


class _Connections(dict[str, http.client.HTTPConnection]):
    """Those of a thread, closed with it."""

    def __del__(self) -> None:
        for connection in self.values():
            connection.close()


class _Gone(Exception):
    """A kept connection is not there any more."""


def _keep(url: str, connection: http.client.HTTPConnection) -> None:
    if not hasattr(_kept, "connections"):
        _kept.connections = _Connections()
    _kept.connections[url] = connection


def _decoded(url: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RemoteBadAnswer(url, f"no JSON: {error}") from None


def _end(held: socket.socket | None, ended: threading.Event) -> None:
    ended.set()
    if held is not None:
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it had ended just now


def _left(until: float, url: str) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise _late(url)
    return left


def _late(url: str) -> RemoteTimeout:
    return RemoteTimeout(url, "no answer within the deadline")
