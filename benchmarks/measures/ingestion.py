"""Durable events a second over HTTP, against all of Winnow as `manage.py up` runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks.measures import sender
from benchmarks.measures.sender import Sent
from events.readers import open_log
from tests import stack as stacks
from tests.ports import free_port

CLIENTS = 2
CONNECTIONS = 3  # of each client
BATCH = 100
WARM_UP_SECONDS = 3.0
DRAIN_SECONDS = 120.0


def measure(var: Path, seconds: float) -> dict[str, Any]:
    """Send for `seconds`, then wait until the log has every acknowledged event once."""
    stack = stacks.start(var, free_port())
    try:
        _send(stack, WARM_UP_SECONDS)
        before = _wait_for_log(stack, 0)
        sent = _send(stack, seconds)
        ended = time.perf_counter()
        in_log = _wait_for_log(stack, before + sum(one.acknowledged for one in sent))
        return _summary(sent, seconds, in_log - before, time.perf_counter() - ended)
    finally:
        stack.stop()


def _send(stack: stacks.Stack, seconds: float) -> list[Sent]:
    arguments = map(str, (stack.port, seconds, CONNECTIONS, BATCH))
    command = [sys.executable, sender.__file__, *arguments]
    environment = os.environ | {"WINNOW_KEY": stack.key}
    clients = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(CLIENTS)
    ]
    return [msgspec.json.decode(client.communicate()[0], type=Sent) for client in clients]


def _wait_for_log(stack: stacks.Stack, wanted: int) -> int:
    """The number of events in the log once it is `wanted` and has stopped to grow."""
    until = time.perf_counter() + DRAIN_SECONDS
    last = -1
    while time.perf_counter() < until:
        rows, ids = _counted(stack.var / "log")
        assert rows == ids, f"{rows - ids} events are in the log more than once"
        if rows == last and rows >= wanted:
            return rows
        last = rows
        time.sleep(3)
    raise AssertionError(f"the log has {last} of {wanted} events after {DRAIN_SECONDS} s")


def _counted(folder: Path) -> tuple[int, int]:
    log = open_log(folder)
    events = log.events()
    row = events.aggregate(rows=events.count(), ids=events.id.nunique()).to_pyarrow().to_pylist()[0]
    log.close()
    return row["rows"], row["ids"]


def _summary(sent: list[Sent], seconds: float, in_log: int, behind: float) -> dict[str, Any]:
    latencies = np.concatenate([one.seconds for one in sent]) * 1000
    acknowledged = sum(one.acknowledged for one in sent)
    return {
        "batch": BATCH,
        "connections": CLIENTS * CONNECTIONS,
        "seconds": seconds,
        "durable_events_per_second": round(acknowledged / seconds),
        "p50_ms": round(float(np.percentile(latencies, 50)), 1),
        "p99_ms": round(float(np.percentile(latencies, 99)), 1),
        "refused": sum(one.refused for one in sent),
        "acknowledged": acknowledged,
        "in_log_once": in_log,
        "seconds_until_read": round(behind, 1),
    }
