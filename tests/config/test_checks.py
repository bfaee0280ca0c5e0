"""What is refused before anything is started, and in which words."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from config.supervisor import checks
from config.supervisor.exceptions import PortUnusableError, VarUnusableError


def test_var_is_made_with_the_folders_in_it(tmp_path: Path) -> None:
    checks.require_var(tmp_path / "a" / "var", least_free=1)
    assert sorted(path.name for path in (tmp_path / "a" / "var").iterdir()) == ["beat", "valkey"]


def test_a_var_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    var = tmp_path / "file" / "var"
    with pytest.raises(VarUnusableError) as refusal:
        checks.require_var(var)
    assert str(refusal.value) == (
        f"Winnow cannot write to {var} (not a directory): give yourself write permission there, "
        "or set WINNOW_VAR to a folder of your own."
    )
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; the test above covers it")
def test_a_var_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(VarUnusableError, match=r"cannot write to .* \(permission denied\)"):
        checks.require_var(tmp_path / "var")


def test_a_nearly_full_disk_is_refused_with_the_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        shutil,
        "disk_usage",
        lambda _: shutil._ntuple_diskusage(10**9, 10**9 - 12_345_678, 12_345_678),
    )
    with pytest.raises(VarUnusableError) as refusal:
        checks.require_var(tmp_path)
    assert str(refusal.value) == (
        f"{tmp_path} has 12 MB of disk space left and Winnow needs 200 MB: free some, "
        "or set WINNOW_VAR to a folder elsewhere."
    )


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(VarUnusableError) as refusal:
        checks.require_var(tmp_path)
    assert str(refusal.value) == (
        f"No disk space is left for {tmp_path}: free some, or set WINNOW_VAR to a folder elsewhere."
    )


@pytest.mark.parametrize("option", [socket.SO_REUSEADDR, socket.SO_REUSEPORT])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104
def test_a_port_somebody_listens_on_is_refused(option: int, host: str) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortUnusableError) as refusal:
            checks.require_port(port)
        assert checks.free_port(port) > port
    assert str(refusal.value).startswith(
        f"Port {port} of 127.0.0.1 is taken by another program: stop that, or choose another with "
    )
    checks.require_port(port)
    assert checks.free_port(port) == port
