"""Callers that keep their connection, and so stay with one process of the web server."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.stack import Stack

SECONDS = 20
MOST_TRIES = 200


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, and when by this process's clock it was asked for and had."""

    door: str
    user: str
    asked: float
    had: float
    body: dict[str, Any]

    @property
    def version(self) -> int:
        return int(self.body["plan_version"])


@dataclass
class Caller:
    """One connection, to the process `worker`."""

    stack: Stack
    connection: http.client.HTTPConnection
    worker: int
    answers: list[Answer] = field(default_factory=list)

    def ask(self, door: str, user: str, **more: object) -> Answer:
        """The answer of a door; it is kept."""
        asked = time.monotonic()
        status, body = _post(self.connection, self.stack, door, {"user": user} | more)
        assert status == 200, body
        answer = Answer(door=door, user=user, asked=asked, had=time.monotonic(), body=body)
        self.answers.append(answer)
        return answer


@contextmanager
def callers(stack: Stack, each: int) -> Iterator[list[Caller]]:
    """So many to every process of the web server."""
    workers = [child.pid for child in psutil.Process(stack.processes()["web"].pid).children()]
    found: dict[int, list[Caller]] = {pid: [] for pid in workers}
    with ExitStack() as opened:
        for _ in range(MOST_TRIES):
            caller = _connected(stack, workers)
            opened.callback(caller.connection.close)
            if len(found[caller.worker]) < each:
                found[caller.worker].append(caller)
            if all(len(some) == each for some in found.values()):
                break
        else:
            raise AssertionError(f"{MOST_TRIES} connections did not reach all of {workers}")
        yield [caller for some in found.values() for caller in some]


def _connected(stack: Stack, workers: list[int]) -> Caller:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=SECONDS)
    _post(connection, stack, "assign", {"user": "first"})
    assert connection.sock is not None
    port = connection.sock.getsockname()[1]
    [worker] = [pid for pid in workers if port in _peers(pid)]
    return Caller(stack, connection, worker)


def _peers(pid: int) -> set[int]:
    connections = psutil.Process(pid).net_connections("tcp")
    return {one.raddr.port for one in connections if one.raddr}


def _post(
    connection: http.client.HTTPConnection, stack: Stack, door: str, body: object
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {stack.key}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/{door}", json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
