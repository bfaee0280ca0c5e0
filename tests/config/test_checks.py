"""What is refused before anything is started, and in which words."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from config.supervisor import checks
from config.supervisor.exceptions import PortUnusableError, ValkeyUnusableError, VarUnusableError


def test_var_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    var = tmp_path / "a" / "var"
    checks.require_var(var)
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    assert list(var.iterdir()) == []


def test_a_var_that_others_may_enter_is_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    checks.require_var(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_folder_that_all_share_is_refused_and_not_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(VarUnusableError) as refusal:
        checks.require_var(tmp_path)
    assert str(refusal.value) == (
        f"{tmp_path} is a folder that others may enter, and not Winnow's to close: "
        "set WINNOW_VAR to a folder of your own, for example one below it."
    )
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("100%25", "a % in its name, which Delta Lake takes for an escape"),
        ("a\\b", "a \\ in its name, which Delta Lake takes for a /"),
    ],
)
def test_a_var_that_delta_could_not_find_again_is_refused(
    name: str, what: str, tmp_path: Path
) -> None:
    var = tmp_path / name / "var"
    with pytest.raises(VarUnusableError) as refusal:
        checks.require_var(var)
    assert str(refusal.value) == (f"{var} has {what}: set WINNOW_VAR to a folder without one.")
    assert list(tmp_path.iterdir()) == []


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
        checks.require_room(tmp_path / "new" / "var")
    assert not (tmp_path / "new").exists()
    assert str(refusal.value) == (
        f"{tmp_path / 'new' / 'var'} has 12 MB of disk space left and Winnow needs 200 MB: "
        "free some, or set WINNOW_VAR to a folder elsewhere."
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
    assert str(refusal.value).startswith(
        f"Port {port} of 127.0.0.1 is taken by another program: stop that, or choose another with "
    )
    checks.require_port(port)


def test_a_valkey_that_answers_is_accepted(valkey_url: str) -> None:
    checks.require_valkey(valkey_url)


def test_a_valkey_that_does_not_answer_is_refused_without_its_password(port: int) -> None:
    with pytest.raises(ValkeyUnusableError) as refusal:
        checks.require_valkey(f"redis://ada:geheim@127.0.0.1:{port}/0")
    assert str(refusal.value) == (
        f"The Valkey at 127.0.0.1:{port} does not answer (Error 111 connecting to "
        f"127.0.0.1:{port}. Connection refused): start it, correct VALKEY_URL, or unset VALKEY_URL "
        "to use the embedded Valkey."
    )


@pytest.mark.parametrize(
    "url", ["localhost:6379", "http://localhost/geheim", "redis://:ge/heim@h", "redis://h?geheim=1"]
)
def test_a_valkey_url_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValkeyUnusableError) as refusal:
        checks.require_valkey(url)
    assert str(refusal.value) == (
        "VALKEY_URL is not the address of a Valkey: write it like redis://127.0.0.1:6379/0 or "
        "unix:///path/to/socket, or unset it to use the embedded Valkey."
    )
