"""Real supervisors of made-up processes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from config.supervisor.specs import ProcessSpec
from tests.config.helpers import FAKE_UP, Run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """start(*specs) runs a supervisor of them, on one lock unless told; all end with the test."""
    runs: list[Run] = []

    def run(*specs: ProcessSpec, lock: Path = tmp_path / "lock") -> Run:
        body = json.dumps([asdict(one) for one in specs])
        process = subprocess.Popen(
            [sys.executable, str(FAKE_UP), str(lock), body],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        runs.append(Run(process))
        return runs[-1]

    yield run
    for one in runs:
        one.process.kill()
        one.process.wait()
        one.reader.join(5)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
