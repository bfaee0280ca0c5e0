"""What must hold before anything is started, each refusal saying what to do."""

import errno
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path

from redis.connection import parse_url

from config.supervisor import lock, ready
from config.supervisor.exceptions import (
    PortUnusableError,
    ValkeyUnusableError,
    VarUnusableError,
)
from events.paths import why_unusable

MEGABYTE = 1_000_000
LEAST_FREE = 200 * MEGABYTE  # database, log, models and caches of a first run, with room to spare


def require_all(*, port: int, var: Path, valkey_url: str | None) -> None:
    """Raises a SupervisorError where `manage.py up` would be refused, and makes nothing.

    valkey_url: the address of one's own Valkey, None for the embedded one.
    """
    lock.require_free(var / "lock")
    require_port(port)
    require_room(var)
    if valkey_url is not None:
        require_valkey(valkey_url)


def require_var(var: Path) -> None:
    """Make `var`, or close it to others: it holds keys, and what people looked at.

    Raises VarUnusableError where that is not possible, or nothing can be written there.
    """
    if why := why_unusable(var):
        raise VarUnusableError(f"{why}: set WINNOW_VAR to a folder without one.")
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(var)
        with tempfile.TemporaryFile(dir=var) as probe:
            probe.write(b"winnow")
            probe.flush()
    except OSError as error:
        raise VarUnusableError(_cannot_write(var, error)) from error


def _close_to_others(var: Path) -> None:
    found = var.stat()
    if not stat.S_IMODE(found.st_mode) & 0o077:
        return
    if found.st_uid != os.geteuid() or found.st_mode & stat.S_ISVTX:  # sticky, as /tmp is
        raise VarUnusableError(
            f"{var} is a folder that others may enter, and not Winnow's to close: "
            "set WINNOW_VAR to a folder of your own, for example one below it."
        )
    var.chmod(0o700)


def require_room(var: Path, *, least_free: int = LEAST_FREE) -> None:
    """Raises VarUnusableError where the disk of `var` has fewer than `least_free` bytes free."""
    try:
        place = next(folder for folder in (var, *var.parents) if folder.exists())
        free = shutil.disk_usage(place).free
    except OSError as error:
        raise VarUnusableError(_cannot_write(var, error)) from error
    if free < least_free:
        raise VarUnusableError(
            f"{var} has {free // MEGABYTE} MB of disk space left and Winnow needs "
            f"{least_free // MEGABYTE} MB: free some, or set WINNOW_VAR to a folder elsewhere."
        )


def _cannot_write(var: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"No disk space is left for {var}: free some, or set WINNOW_VAR to a folder elsewhere."
        )
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return (
        f"Winnow cannot write to {var} ({reason}): give yourself write permission there, "
        f"or set WINNOW_VAR to a folder of your own."
    )


def require_port(port: int) -> None:
    """Raises PortUnusableError unless `port` of 127.0.0.1 can be opened now.

    granian itself would not notice: it opens its port with SO_REUSEPORT and shares it.
    """
    try:
        _bind(port)
    except PermissionError as error:
        raise PortUnusableError(
            f"Port {port} needs more rights than you have: choose one above 1023 with --port."
        ) from error
    except OSError as error:
        raise PortUnusableError(
            f"Port {port} of 127.0.0.1 is taken by another program: stop that, or choose another "
            f"with --port, for example --port {port + 1 if port < 65535 else port - 1}."
        ) from error


def require_valkey(url: str) -> None:
    """Raises ValkeyUnusableError unless the Valkey at `url` answers; no password is repeated."""
    try:
        where = parse_url(url)  # type: ignore[no-untyped-call]
        reason = ready.ask(url)
    except (ValueError, TypeError) as error:
        raise ValkeyUnusableError(
            "VALKEY_URL is not the address of a Valkey: write it like redis://127.0.0.1:6379/0 or "
            "unix:///path/to/socket, or unset it to use the embedded Valkey."
        ) from error
    if reason is not None:
        host, port = where.get("host", "localhost"), where.get("port", 6379)
        raise ValkeyUnusableError(
            f"The Valkey at {where.get('path') or f'{host}:{port}'} does not answer ({reason}): "
            "start it, correct VALKEY_URL, or unset VALKEY_URL to use the embedded Valkey."
        )


def _bind(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of a server that has just stopped may linger; a listening one still refuses.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
