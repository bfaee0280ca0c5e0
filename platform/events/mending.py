"""What a power cut, or a lost file, left of the newest commit: set aside, where nothing is lost."""

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from events import commits
from events.commits import CHECKPOINT, COMMITS
from events.exceptions import LogDamaged
from events.journal_files import size_of
from events.segment import sync_path

log = logging.getLogger(__name__)

DAMAGED = "damaged"
SETTLED_SECONDS = 5.0
"""On a network's disk another host's commit may be seen in part for a moment."""
REMEDY = "Put it back, or let Delta forget it: deltalake.DeltaTable(...).repair()."
"""For a file that is gone."""


def mend(table_path: Path) -> list[Path]:
    """Set aside the newest commit, or checkpoint, that is not whole; where it is now.

    A commit gets its name only when it is written whole, so one that is not was cut off with the
    machine. What it held is in the journals, or with whoever was never told that it is done.
    """
    if not (table_path / COMMITS).is_dir():
        return []
    aside = []
    with commits.turn(table_path):
        checkpoint = commits.newest(table_path, CHECKPOINT)
        if checkpoint and not _is_parquet(checkpoint):
            # The commits it stands for are still there: they go when it is on the disk.
            aside.append(_set_aside(checkpoint, "the machine stopped while it was written"))
        _forget_lost_checkpoint(table_path / COMMITS)
        while (commit := commits.newest(table_path)) and not _is_whole_by_now(commit):
            aside.append(_set_aside(commit, "the machine stopped while it was written"))
    return aside


def mend_from_journals(table_path: Path, journal_dir: Path) -> list[Path]:
    """Set aside the newest commit as long as it names rows that are not there and the journals
    still are: the drain writes them again. Where the commits are now.

    Raises LogDamaged where this host's journals do not have them: then that commit stays.
    """
    aside = mend(table_path)
    if not (table_path / COMMITS).is_dir():
        return []
    with commits.turn(table_path):
        while (commit := commits.newest(table_path)) and (lost := _lost(table_path, commit)):
            if not _is_in_journals(commit, journal_dir):
                raise LogDamaged(
                    f"{lost} is gone or cut short, and the journals here no longer have its rows. "
                    f"{REMEDY}"
                )
            aside.append(_set_aside(commit, f"{lost.name}, which it names, is gone or cut short"))
    return aside


def _is_parquet(file: Path) -> bool:
    try:
        pq.read_metadata(file)
    except pa.ArrowInvalid:
        return False
    return True


def _forget_lost_checkpoint(folder: Path) -> None:
    """Delta fails where its hint names a checkpoint that is not there, and can do without."""
    hint = folder / "_last_checkpoint"
    try:
        version = int(msgspec.json.decode(hint.read_bytes())["version"])
    except FileNotFoundError:
        return
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        version = -1
    if not (folder / f"{version:020}{CHECKPOINT}").exists():
        hint.unlink(missing_ok=True)


def _is_whole_by_now(commit: Path) -> bool:
    if not commits.is_whole(commit):
        age = time.time() - commit.stat().st_mtime
        time.sleep(max(0.0, min(SETTLED_SECONDS - age, SETTLED_SECONDS)))
    return commits.is_whole(commit)


def _lost(table_path: Path, commit: Path) -> Path | None:
    """The first file that the commit adds and that is not there as it was written."""
    for add in _said(commit, "add"):
        file = table_path / unquote(add["path"])
        if size_of(file) < add["size"]:
            return file
    return None


def _is_in_journals(commit: Path, journal_dir: Path) -> bool:
    """Whether all that the commit read is still there to be read."""
    # One with a time is of a journal that went before the commit was made.
    read = [txn for txn in _said(commit, "txn") if txn.get("lastUpdated") is None]
    return bool(read) and all(size_of(journal_dir / t["appId"]) >= t["version"] > 0 for t in read)


def _said(commit: Path, kind: str) -> list[Mapping[str, Any]]:
    return [action[kind] for action in commits.actions_of(commit) if kind in action]


def _set_aside(commit: Path, why: str) -> Path:
    table_path = commit.parent.parent
    folder = table_path.parent / DAMAGED
    folder.mkdir(exist_ok=True)
    name = f"{table_path.name}-{commit.name}"
    earlier = len(list(folder.glob(f"{name}*")))
    to = folder / (f"{name}.{earlier}" if earlier else name)
    os.replace(commit, to)
    commits.sync([to])
    sync_path(commit.parent)
    log.error(
        "%s is set aside as %s: %s. Nothing is lost: what a commit held is in the journals, what a "
        "checkpoint held in the commits.",
        commit,
        to,
        why,
    )
    return to
