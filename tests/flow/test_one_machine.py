"""An installation among other users of its machine: closed to them, and quiet."""

from __future__ import annotations

import signal
import stat
from pathlib import Path

import psutil
import pytest
import redis

from config import valkey
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(300)


def test_nothing_that_winnow_wrote_is_readable_to_others(stack: Stack) -> None:
    stack.call("events", {"events": [{"id": "p", "type": "view", "user": "u", "item": "a-item-0"}]})
    others = {stack.var / name for name in ("up.log", "items.jsonl", "past.csv")}  # the tests' own
    others |= set((stack.var / "static").rglob("*"))  # the product's files, anybody's to read
    assert [path for path in set(stack.var.rglob("*")) - others if mode(path) & 0o077] == []
    assert mode(stack.var) == 0o700
    for name in ("winnow.sqlite3", "plan.json", "secret_key"):
        assert mode(stack.var / name) == 0o600


def test_a_command_finds_the_embedded_valkey_and_no_port_leads_to_it(stack: Stack) -> None:
    env = {name: value for name, value in stack.env.items() if name != "VALKEY_URL"}
    beside = Stack(var=stack.var, port=stack.port, env=env, supervisor=stack.supervisor)
    ask = "import redis; from django.conf import settings as s;"
    ask += "print(redis.Redis.from_url(s.VALKEY_URL).exists('winnow:plan'))"
    assert beside.shell(ask) == "1\n"
    assert stack.processes()["valkey"].net_connections("inet") == []


def test_a_restart_of_valkey_is_said_once_by_each_process(stack: Stack) -> None:
    log = stack.var / "up.log"
    before = log.stat().st_size
    victim = stack.processes()["valkey"]
    victim.send_signal(signal.SIGKILL)

    def is_back() -> bool:
        stack.call("route", {"user": "u", "placement": "home"})
        return answers(stack) and stack.processes()["valkey"].pid != victim.pid

    wait_for(is_back, 40, "another Valkey")

    said = log.read_bytes()[before:].decode()
    workers = psutil.Process(stack.processes()["web"].pid).children()
    assert said.count("web      | WARNING events.best_effort: Valkey did not") <= len(workers)
    assert "CPendingDeprecationWarning" not in said
    assert "overcommit" not in log.read_text()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def answers(stack: Stack) -> bool:
    url = valkey.socket_url(valkey.embedded_socket(stack.var))
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
