"""`manage.py up` says in one sentence why it will not start, and leaves everything as it was."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from config.management.commands.up import port_number
from config.supervisor import lock

ROOT = Path(__file__).parents[2]


def up(var: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and error output."""
    return manage(var, "up", *arguments, **environment)


def manage(var: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    own = {"WINNOW_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | own | environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize("command", ["up", "migrate", "create_key", "drain", "train"])
def test_a_var_that_cannot_be_written(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").touch()
    var = tmp_path / "file" / "var"
    assert manage(var, command) == (
        1,
        f"Winnow cannot write to {var} (not a directory): give yourself write permission there, "
        "or set WINNOW_VAR to a folder of your own.",
    )


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, error = up(tmp_path / "var", "--port", str(port))
    assert code == 1
    assert error.startswith(f"Port {port} of 127.0.0.1 is taken by another program: ")
    assert list(tmp_path.iterdir()) == []


def test_a_valkey_of_ones_own_that_does_not_answer(tmp_path: Path, port: int) -> None:
    code, error = up(tmp_path / "var", VALKEY_URL=f"redis://:geheim@127.0.0.1:{port}/0")
    assert code == 1
    assert error.startswith(f"The Valkey at 127.0.0.1:{port} does not answer (")
    assert "geheim" not in error
    assert list(tmp_path.iterdir()) == []


def test_arguments_that_make_no_sense(tmp_path: Path) -> None:
    code, error = up(tmp_path / "var", "--port", "http")
    assert code == 2
    assert error.endswith("argument --port: 'http' is not a port: give a number from 1 to 65535")
    assert list(tmp_path.iterdir()) == []


def test_a_var_on_which_winnow_runs(tmp_path: Path) -> None:
    held = lock.acquire(tmp_path / "lock", address="http://127.0.0.1:8123")
    code, error = up(tmp_path)
    os.close(held)
    assert code == 1
    assert error == (
        f"Winnow already runs on {tmp_path}: process {os.getpid()}, "
        f"http://127.0.0.1:8123. Open that, or stop it with `kill {os.getpid()}`, "
        "or set WINNOW_VAR to another folder."
    )
    assert list(tmp_path.iterdir()) == [tmp_path / "lock"]


def test_what_a_command_writes_is_its_owners_alone(tmp_path: Path) -> None:
    """Also where the shell's umask would let others read it."""
    var = tmp_path / "var"
    before = os.umask(0o022)
    try:
        assert manage(var, "migrate", "--verbosity", "0") == (0, "")
        publish = "from serving import plans; plans.publish()"
        manage(var, "shell", "--no-imports", "-c", publish)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (var, *var.iterdir())}
    assert modes == {
        "var": 0o700,
        "plan.json": 0o600,
        "secret_key": 0o600,
        "winnow.sqlite3": 0o600,
    }


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "", "\N{SUPERSCRIPT TWO}"])
def test_a_port_that_is_none(text: str) -> None:
    with pytest.raises(ArgumentTypeError) as refusal:
        port_number(text)
    assert str(refusal.value) == f"{text!r} is not a port: give a number from 1 to 65535"
