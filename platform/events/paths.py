"""The log's paths as Delta Lake and DuckDB take them: as an address, and as a pattern."""

import re
from collections.abc import Iterable
from pathlib import Path

from events.exceptions import LogFolderRefused

UNUSABLE = {
    "%": "which Delta Lake takes for an escape",
    "\\": "which Delta Lake takes for a /",
}

_PATTERN = re.compile(r"[*?[]")


def why_unusable(folder: Path) -> str | None:
    """What keeps the folder from holding a log: it would be looked for elsewhere."""
    name = str(folder.absolute())
    found = next((character for character in UNUSABLE if character in name), None)
    return f"{folder} has a {found} in its name, {UNUSABLE[found]}" if found else None


def require_usable(folder: Path) -> None:
    """Raises LogFolderRefused where a log cannot be in the folder."""
    if why := why_unusable(folder):
        raise LogFolderRefused(f"{why}: set WINNOW_VAR to a folder without one.")


def literally(paths: Iterable[str]) -> list[str]:
    """Paths as patterns that fit nothing else: without, `a[1]` reads the files of `a1`."""
    return [_PATTERN.sub(r"[\g<0>]", path) for path in paths]
