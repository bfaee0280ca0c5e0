"""An installation among other users of its machine: closed to them, and quiet."""

from __future__ import annotations

import os
import signal
import stat
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import redis

from config import valkey
from tests.stack import Stack, wait_for

pytestmark = pytest.mark.timeout(600)


def test_nothing_that_winnow_wrote_is_readable_to_others(stack: Stack) -> None:
    stack.call("events", {"events": [{"id": "p", "type": "view", "user": "u", "item": "a-item-0"}]})
    others = {stack.var / name for name in ("up.log", "items.jsonl", "past.csv")}  # the tests' own
    others |= below(stack.var / "static").keys()  # the product's files, anybody's to read
    found = below(stack.var)
    assert stack.var / "plan.json" in found
    assert [path for path in found.keys() - others if found[path] & 0o077] == []
    assert mode(stack.var) == 0o700
    for name in ("winnow.sqlite3", "plan.json", "secret_key"):
        assert mode(stack.var / name) == 0o600


def test_what_goes_while_we_look_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("drained", "stays"):
        (tmp_path / "journal").mkdir(exist_ok=True)
        (tmp_path / "journal" / name).touch(0o600)
    drained, look = tmp_path / "journal" / "drained", Path.stat

    def stat_of(path: Path, **how: bool) -> os.stat_result:
        drained.unlink(missing_ok=True)
        return look(path, **how)

    monkeypatch.setattr(Path, "stat", stat_of)
    (tmp_path / "journal").chmod(0o700)

    assert below(tmp_path) == {
        tmp_path / "journal": 0o700,
        tmp_path / "journal" / "stays": 0o600,
    }


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


def below(folder: Path) -> dict[Path, int]:
    """The mode of all that is in a folder. Winnow is at work in it: what goes while we look is left
    out.
    """
    modes = {}
    for parent, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(parent) / name
            with suppress(FileNotFoundError):
                modes[path] = mode(path)
    return modes


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def answers(stack: Stack) -> bool:
    url = valkey.socket_url(valkey.embedded_socket(stack.var))
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
