"""`manage.py up` says in one sentence why it will not start, and leaves everything as it was."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from config.management.commands.up import port_number
from config.supervisor import lock

ROOT = Path(__file__).parents[2]


def up(var: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and error output."""
    done = subprocess.run(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=ROOT,
        env=os.environ | {"WINNOW_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.strip()


def test_a_var_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    var = tmp_path / "file" / "var"
    assert up(var) == (
        1,
        f"Winnow cannot write to {var} (not a directory): give yourself write permission there, "
        "or set WINNOW_VAR to a folder of your own.",
    )


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, error = up(tmp_path, "--port", str(port))
    assert code == 1
    assert error.startswith(f"CommandError: Port {port} of 127.0.0.1 is taken by another program: ")
    assert not (tmp_path / "winnow.sqlite3").exists()


def test_a_var_on_which_winnow_runs(tmp_path: Path) -> None:
    held = lock.acquire(tmp_path / "lock", address="http://127.0.0.1:8123")
    code, error = up(tmp_path)
    os.close(held)
    assert code == 1
    assert error == (
        f"CommandError: Winnow already runs on {tmp_path}: process {os.getpid()}, "
        f"http://127.0.0.1:8123. Open that, or stop it with `kill {os.getpid()}`, "
        "or set WINNOW_VAR to another folder."
    )
    assert not (tmp_path / "winnow.sqlite3").exists()


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "", "\N{SUPERSCRIPT TWO}"])
def test_a_port_that_is_none(text: str) -> None:
    with pytest.raises(ArgumentTypeError) as refusal:
        port_number(text)
    assert str(refusal.value) == f"{text!r} is not a port: give a number from 1 to 65535"
