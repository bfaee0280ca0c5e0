"""Which column of a file is probably which field, and its first rows. Pure but for the reading."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from imports.opening import open_rows

SHOWN_ROWS = 8
SHOWN_TEXT = 60  # characters of a cell
_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The columns, and the first rows by column: None for a row that cannot be read."""

    columns: list[str]
    rows: list[list[str]]


def preview(path: Path) -> Preview:
    """The beginning of the file. Raises ImportRefused for a file that cannot be read."""
    with open_rows(path) as file:
        names = {column: column for column in file.columns or ()}
        rows = list(islice(file.read(names), SHOWN_ROWS))
        found = dict.fromkeys(name for row in rows for name in row.cells)
        columns = list(found) if file.columns is None else file.columns
    return Preview(
        columns=columns,
        rows=[[_text(row.problem or row.cells.get(name)) for name in columns] for row in rows],
    )


def _text(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}…"


def guess(columns: Sequence[str], known: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The column by field. `known` are the names that a field goes by, the likeliest first; case
    and punctuation do not count, and no column is two fields.
    """
    plain = {_plain(column): column for column in reversed(columns)}
    guessed: dict[str, str] = {}
    for exact in (True, False):
        for field, names in known.items():
            for name in (field, *([] if exact else names)):
                column = plain.get(_plain(name))
                if field not in guessed and column and column not in guessed.values():
                    guessed[field] = column
    return guessed


def _plain(name: str) -> str:
    return _OTHER.sub("", name.lower())
