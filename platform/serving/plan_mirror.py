"""The plan on this host's disk, from which a process starts and routes with the database down.

Whatever is wrong with the file is logged and costs nothing else: it counts as no mirror, and the
next announcement puts a sound one in its place. A checksum tells, as a damaged version that reads
as a higher one would keep every newer plan out.
"""

from __future__ import annotations

import logging
import os
import threading
import zlib
from pathlib import Path

import msgspec
from django.conf import settings

from experiments.assignment import Plan

logger = logging.getLogger(__name__)


class _Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A plan's JSON and its CRC-32."""

    crc32: int
    plan: msgspec.Raw


def read() -> Plan | None:
    """The plan of the mirror; None where there is none that can be read."""
    path: Path = settings.PLAN_MIRROR
    try:
        return _opened(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.error("The plan's mirror cannot be read: %s", error)
    except (msgspec.MsgspecError, ValueError) as error:
        logger.error("%s is not a plan (%s).", path, error)
    return None


def write(plan: Plan) -> None:
    """Puts `plan` in the mirror, whole and on the disk, unless a newer one is there."""
    path: Path = settings.PLAN_MIRROR
    held = read()
    if held is not None and held.version >= plan.version:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, sealed(plan))
    except OSError as error:
        logger.error("Plan %s could not be mirrored to %s: %s", plan.version, path, error)


def sealed(plan: Plan) -> bytes:
    """What the mirror of `plan` holds."""
    body = msgspec.json.encode(plan)
    return msgspec.json.encode(_Sealed(crc32=zlib.crc32(body), plan=msgspec.Raw(body)))


def stamp() -> int:
    """Another number whenever the file is another, or may be read by others; 0 where none is."""
    try:
        return int(settings.PLAN_MIRROR.stat().st_ctime_ns)
    except OSError:
        return 0


def _opened(body: bytes) -> Plan:
    """Raises msgspec.MsgspecError or ValueError where it is damaged, or of another kind."""
    held = msgspec.json.decode(body, type=_Sealed)
    if zlib.crc32(held.plan) != held.crc32:
        raise ValueError("it is damaged: its checksum is another")
    return msgspec.json.decode(held.plan, type=Plan)


def _replace(path: Path, body: bytes) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with draft.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
