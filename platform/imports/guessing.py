"""Which column of a file is probably which field, and its first rows. Pure but for the reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from imports.exceptions import ImportRefused
from imports.opening import open_rows

SHOWN_ROWS = 8
SHOWN_TEXT = 60  # characters of a cell
_OTHER = re.compile(r"[^a-z0-9]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, kw_only=True)
class Preview:
    """The columns, and the first rows by column; what is wrong with a row that cannot be read.

    `separator` is what separates the cells of a CSV. `says_values` where a name of its header is a
    number or a time, as in a file that has none.
    """

    columns: list[str]
    rows: list[list[str]]
    separator: str = ""
    says_values: bool = False


def preview(path: Path) -> Preview:
    """The beginning of the file. Raises ImportRefused for a file that cannot be read, or whose
    header has a name twice.
    """
    with open_rows(path) as file:
        _refuse_doubles(path, file.columns or ())
        names = {column: column for column in file.columns or ()}
        rows = list(islice(file.read(names), SHOWN_ROWS))
        found = dict.fromkeys(name for row in rows for name in row.cells)
        columns = list(found) if file.columns is None else file.columns
    return Preview(
        columns=columns,
        rows=[[_text(row.problem or row.cells.get(name)) for name in columns] for row in rows],
        separator=file.separator,
        says_values=file.is_text and any(map(_is_value, columns)),
    )


def _refuse_doubles(path: Path, columns: Sequence[str]) -> None:
    for name, count in Counter(columns).items():
        if name and count > 1:
            raise ImportRefused(
                f"{path.name}: {count} columns are named “{name}”. Give each a name of its own, "
                "or take out those that are not needed."
            )


def _is_value(name: str) -> bool:
    try:
        float(name.replace(",", "."))
    except ValueError:
        return _DATE.match(name) is not None
    return True


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
