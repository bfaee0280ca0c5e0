"""A disk that becomes full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


class SmallDisk:
    """A file system of its own, on which no more than `size` bytes fit."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def resize(self, size: str) -> None:
        options = f"remount,size={size}"
        subprocess.run(["mount", "-o", options, str(self.path)], check=True)


@contextmanager
def mounted(path: Path) -> Iterator[SmallDisk]:
    """256 KiB. Needs root; test_journal shows the same of a write by a limit on the file's size."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system of 256 KiB can only be mounted as root")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill_up(folder: Path) -> None:
    """Leave no room on the folder's disk."""
    with (folder / "other").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
