"""A shop's back end, as it talks to the public API: kept connections, and patience.

A request that got no answer may have been carried out. Every one is therefore sent again as it was,
with the same request id and event ids, until it is answered: the API counts a repeat once.
"""

import http.client
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from simulator.exceptions import Refused, Unavailable

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a slate. `position` is 1 at the top."""

    item: str
    position: int


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What this client reads of an answer of /route."""

    request_id: str
    variant: str | None
    served_by: str
    fallback: str | None
    items: tuple[Shown, ...]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch of events."""

    accepted: int
    duplicates: int
    rejected: tuple[dict[str, object], ...]


class OutgoingEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event in the shape the API takes. `at` is RFC 3339 in UTC."""

    id: str
    type: str
    user: str
    item: str
    at: str
    request_id: str | None = None


@dataclass(kw_only=True)
class Tally:
    """What a client did. `acknowledged` counts distinct event ids the API vouches for."""

    pages: int = 0
    fallbacks: int = 0
    acknowledged: int = 0
    rejected: int = 0
    retries: int = 0


class Client:
    """Safe to share between threads; each gets a connection of its own.

    `patience` is how long, in seconds, one request is tried before Unavailable is raised; once
    `stop` is set, no longer than one try.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience: float = 120.0,
        timeout: float = 15.0,
        stop: threading.Event | None = None,
    ) -> None:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        self._secure = parts.scheme == "https"
        self._host, self._path = parts.netloc, parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._patience, self._timeout = patience, timeout
        self._stop = stop or threading.Event()
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()
        self.tally = Tally()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every thread's connection."""
        with self._lock:
            for connection in self._connections:
                connection.close()

    def route(
        self, *, user: str, placement: str, k: int, request_id: str, attributes: Mapping[str, str]
    ) -> Page:
        """The slate for a user. Raises Refused and Unavailable."""
        body = {
            "user": user,
            "placement": placement,
            "k": k,
            "request_id": request_id,
            "attributes": attributes,
        }
        page = msgspec.json.decode(self._post("/api/v1/route", body), type=Page)
        self._count(pages=1, fallbacks=int(page.fallback is not None))
        return page

    def send(self, events: Sequence[OutgoingEvent]) -> Receipt:
        """Hand over events. Raises Refused and Unavailable."""
        answer = self._post("/api/v1/events", {"events": events})
        receipt = msgspec.json.decode(answer, type=Receipt)
        self._count(
            acknowledged=receipt.accepted + receipt.duplicates, rejected=len(receipt.rejected)
        )
        return receipt

    def _post(self, path: str, body: object) -> bytes:
        document = msgspec.json.encode(body)
        deadline = time.monotonic() + self._patience
        pause = FIRST_PAUSE
        while True:
            status, answer = self._attempt(path, document)
            if 200 <= status < 300:
                return answer
            if status and status != 429 and status < 500:
                raise Refused(status, answer[:500].decode("utf-8", "replace"))
            if time.monotonic() + pause > deadline or self._stop.is_set():
                raise Unavailable(_last_words(self._host, path, self._patience, status, answer))
            self._count(retries=1)
            self._stop.wait(pause * random.uniform(0.7, 1.0))  # noqa: S311  (spreads repeats)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _attempt(self, path: str, document: bytes) -> tuple[int, bytes]:
        """Status and body of one try; status 0 and the reason where no answer came."""
        connection = self._connection()
        try:
            connection.request("POST", self._path + path, body=document, headers=self._headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return 0, str(error or type(error).__name__).encode()

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            connection = self._local.connection = kind(self._host, timeout=self._timeout)
            with self._lock:
                self._connections.append(connection)
        return connection

    def _count(self, **changes: int) -> None:
        with self._lock:
            for name, by in changes.items():
                setattr(self.tally, name, getattr(self.tally, name) + by)


def _last_words(host: str, path: str, patience: float, status: int, answer: bytes) -> str:
    said = f"status {status}" if status else answer.decode("utf-8", "replace")
    return (
        f"{host}{path} did not accept a request for {patience:.0f} s (last: {said}). "
        "Is Winnow running there? Start it with `manage.py up`."
    )
