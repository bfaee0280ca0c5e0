"""What must hold before anything is started, each refusal saying what to do."""

import errno
import os
import shutil
import socket
import tempfile
from pathlib import Path

from config.supervisor.exceptions import PortUnusableError, VarUnusableError

MEGABYTE = 1_000_000
LEAST_FREE = 200 * MEGABYTE  # database, log, models and caches of a first run, with room to spare
FOLDERS = ("beat", "valkey")


def require_var(var: Path, *, least_free: int = LEAST_FREE) -> None:
    """Make `var` and the folders in it that the processes expect.

    Raises VarUnusableError where it cannot be written, or fewer than `least_free` bytes are free.
    """
    try:
        for folder in FOLDERS:
            (var / folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=var) as probe:
            probe.write(b"winnow")
            probe.flush()
        free = shutil.disk_usage(var).free
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


def free_port(first: int) -> int:
    """The first free port of 127.0.0.1 at or above `first`; PortUnusableError after 100 tries."""
    for port in range(first, first + 100):
        try:
            _bind(port)
        except OSError:
            continue
        return port
    raise PortUnusableError(f"No port of 127.0.0.1 is free from {first} to {first + 99}.")


def _bind(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of a server that has just stopped may linger; a listening one still refuses.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
