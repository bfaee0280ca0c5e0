"""Whether this host can take events, and how much waits: for /readyz."""

import uuid
from contextlib import suppress
from pathlib import Path

import msgspec

from events import journal_files
from events.drain import drain_pid
from events.journal import BOUND_BYTES

PROBE = b"\0" * 4096


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` says why the journal is not writable. `stored_bytes` are those of all journal
    files, committed ones not yet removed included; at `bound_bytes` events are refused."""

    writable: bool
    problem: str | None
    stored_bytes: int
    bound_bytes: int
    drain_pid: int | None


def check(journal_dir: Path, *, bound_bytes: int = BOUND_BYTES) -> Health:
    """Look at the journals' folder by writing to it."""
    stored = journal_files.stored_bytes(journal_dir)
    problem = _problem(journal_dir)
    if problem is None and stored >= bound_bytes:
        problem = (
            f"The journals hold {stored} bytes of at most {bound_bytes}; is the drain running?"
        )
    return Health(
        writable=problem is None,
        problem=problem,
        stored_bytes=stored,
        bound_bytes=bound_bytes,
        drain_pid=drain_pid(journal_dir),
    )


def _problem(folder: Path) -> str | None:
    probe = folder / f"probe-{uuid.uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(PROBE)
    except OSError as error:
        return f"Cannot write in {folder}: {error}"
    finally:
        with suppress(OSError):
            probe.unlink()
    return None
