"""What is common to files of rows, whatever their format."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class MapCell(dict[Any, Any]):
    """The cell of a map column of Parquet. All its values are of one type, so text in it may stand
    for something else; what that is, is for the importer to say.
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Cells by name, or why there are none. A cell of CSV that is empty is not there.

    `line` is where the row begins and counts from 1; in Parquet it is the row. `position` is how
    far the file is read, in the unit of `RowFile.size`.
    """

    line: int
    position: int
    cells: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class RowFile:
    """An open file.

    `read` gives the rows, once, with the cells of the columns asked for under the names given for
    them: `{"sku": "item"}`. `columns` is None where each row has its own; then the cells of all are
    given, under the columns' names. `size` is in bytes (in Parquet, rows). `separator` is what
    stands between the cells of a line, in CSV, where all are text.
    """

    columns: list[str] | None
    read: Callable[[Mapping[str, str]], Iterator[Row]]
    size: int
    separator: str = ""

    @property
    def is_text(self) -> bool:
        """Whether every cell is text, whatever it stands for."""
        return self.separator != ""


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """Why the row at `line` was not imported; `field` is empty for the whole row."""

    line: int
    field: str
    error: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field} {self.error}".replace(":  ", ": ")


Progress = Callable[[int, int], None]
"""Told (done, size) now and then, in the unit of `RowFile.size`."""
OnRejection = Callable[[RejectedRow], None]
"""Told of every row that is not taken."""
