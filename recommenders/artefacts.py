"""Artefacts on disk: written aside, checksummed, and renamed into place, so that none is ever half
there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """A stored artefact: its folder relative to the models folder, its SHA-256 and its size in
    bytes.
    """

    folder: str
    checksum: str
    size_bytes: int


def write(root: Path, folder: str, save: Callable[[Path], None]) -> Artefact:
    """Calls `save` on a folder aside and moves the result to `root / folder`, which
    must not exist.
    """
    target = root / folder
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        save(aside)
        checksum, size = measure(aside)
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Artefact(folder=folder, checksum=checksum, size_bytes=size)


def measure(folder: Path) -> tuple[str, int]:
    """SHA-256 over the names and contents of the files below `folder`, in order, and their total
    size.
    """
    digest = hashlib.sha256()
    size = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size
