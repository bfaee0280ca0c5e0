"""Web servers of the same installation beside the one that the stack runs."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from config.supervisor.processes import process_list
from tests.ports import free_port
from tests.stack import READY_SECONDS, ROOT, Stack, wait_for
from tests.tied import tied

Beside = Callable[..., Stack]


@pytest.fixture
def beside(stack: Stack) -> Iterator[Beside]:
    """beside(NAME=value) is the same installation by another web server, begun now, which finds in
    its environment what is given.
    """
    servers = []

    def begin(**given: str) -> Stack:
        other = replace(stack, port=free_port(), env={**stack.env, **given})
        servers.append(_web(other))
        wait_for(lambda: _lives(other), READY_SECONDS, "another web server")
        return other

    yield begin
    for server in servers:
        server.terminate()
        server.wait(20)


def _web(stack: Stack) -> subprocess.Popen[bytes]:
    """The product's own command."""
    specs = process_list(
        python=sys.executable,
        valkey_server="",
        root=ROOT,
        var=stack.var,
        port=stack.port,
        valkey_socket=None,
        demo=False,
    )
    [command] = [spec.command for spec in specs if spec.name == "web"]
    env = {**stack.env, "PYTHONPATH": str(ROOT / "platform")}
    return subprocess.Popen(tied(list(command)), cwd=ROOT, env=env)


def _lives(stack: Stack) -> bool:
    try:
        with urllib.request.urlopen(f"{stack.url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
