"""Rows of a CSV file with a header, as RFC 4180 has it, or with semicolons or tabs for its commas.

What spoils a row spoils no other: it is said of the row, and reading goes on at the next line.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, TextIO

from imports.encoding import problem_of_text
from imports.exceptions import ImportRefused
from imports.rows import Row, RowFile

SEPARATORS = (",", ";", "\t")
# Any number of whole cells, each with what separates it from the next: what follows is the cell
# that is not.
_WHOLE_CELLS = {
    each: re.compile(rf'(?:(?:"(?:[^"]++|"")*+"|[^"{each}][^{each}]*+)?{each})*+')
    for each in SEPARATORS
}
_ENDS = {"unexpected end of data": "is never closed"} | {
    f"'{each}' expected after '\"'": "is closed before its cell ends" for each in SEPARATORS
}
_QUOTED = re.compile(rb'"[^"]*"?')


def open_csv(path: Path, stack: ExitStack) -> RowFile:
    """Open the file. Raises OSError, and ImportRefused for a header that cannot be read."""
    binary = stack.enter_context(path.open("rb"))
    # A byte that is no UTF-8 becomes half of a surrogate pair, which tells it from any other.
    text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
    separator = _separator(binary.peek())
    lines = _Lines(stack.enter_context(text), separator)
    reader = csv.reader(lines.numbered(), strict=True, delimiter=separator)
    columns = _header(reader, lines)

    def read(names: Mapping[str, str]) -> Iterator[Row]:
        return _rows(reader, lines, [names.get(column) for column in columns], binary)

    return RowFile(columns=columns, read=read, size=path.stat().st_size, separator=separator)


def _separator(start: bytes) -> str:
    """What the first line has most of, outside quotes; a comma where it has none."""
    first = _QUOTED.sub(b"", start).partition(b"\n")[0]
    return max(SEPARATORS, key=lambda each: first.count(each.encode()))


def _header(reader: Iterator[list[str]], lines: "_Lines") -> list[str]:
    names: list[str] = []
    problem = None
    try:
        names = next(reader, [])
    except csv.Error as error:
        problem = lines.left_open(error)
    if problem := lines.problem() or problem:
        raise ImportRefused(f"line {problem[0]} {problem[1]}")
    return [name.strip() for name in names]


class _Lines:
    """The lines of the row that is being read, and the number of the first of them."""

    def __init__(self, file: TextIO, separator: str) -> None:
        self._file = file
        self._whole_cells = _WHOLE_CELLS[separator]
        self._number = 0
        self._row: list[str] = []

    def numbered(self) -> Iterator[str]:
        for line in self._file:
            self._number += 1
            self._row.append(line)
            yield line

    def start_row(self) -> None:
        self._row.clear()

    @property
    def first(self) -> int:
        return self._number - len(self._row) + 1

    def problem(self) -> tuple[int, str] | None:
        """The first line of the row that is not UTF-8, and what is wrong with it."""
        for number, line in enumerate(self._row, self.first):
            if not line.isascii() and (problem := problem_of_text(line)):
                return number, problem
        return None

    def left_open(self, error: csv.Error) -> tuple[int, str]:
        """Where the cell begins that csv could not read, and what is wrong with it."""
        text = "".join(self._row)
        found = self._whole_cells.match(text)
        start = found.end() if found else 0
        opened = self.first + sum(end <= start for end in accumulate(map(len, self._row)))
        if not text.startswith('"', start):
            return opened, f"is not CSV: {error}"
        why = _ENDS.get(str(error), f"is not closed within {csv.field_size_limit():,} characters")
        last = "" if len(self._row) == 1 else f"; lines {self.first} to {self._number} are lost"
        return opened, f"opens a quote that {why}{last}"


def _rows(
    reader: Iterator[list[str]], lines: _Lines, names: Sequence[str | None], binary: BinaryIO
) -> Iterator[Row]:
    while True:
        lines.start_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line, why = lines.problem() or lines.left_open(error)
            yield Row(line=line, position=binary.tell(), cells={}, problem=why)
            continue
        if problem := lines.problem():
            yield Row(line=problem[0], position=binary.tell(), cells={}, problem=problem[1])
        elif len(cells) == len(names):
            found = {name: cell for name, cell in zip(names, cells, strict=True) if name and cell}
            yield Row(line=lines.first, position=binary.tell(), cells=found)
        elif cells:
            why = f"has {len(cells)} cells; the header has {len(names)}"
            yield Row(line=lines.first, position=binary.tell(), cells={}, problem=why)
