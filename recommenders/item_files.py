"""Items from a file: CSV with a header, JSON Lines or Parquet, one row in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from imports.exceptions import ImportRefused
from imports.mapping import check_mapping, require_columns
from imports.opening import open_rows
from imports.rows import OnRejection, Progress, RejectedRow
from recommenders.exceptions import InvalidItem
from recommenders.item_shapes import FIELDS, REQUIRED, item_of_row
from recommenders.services import ItemRow

PROGRESS_ROWS = 1_000


def read_items(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    progress: Progress = lambda done, size: None,
    on_rejection: OnRejection = lambda row: None,
) -> Iterator[ItemRow]:
    """The file's items, one after the other; what is no item is told to `on_rejection`.

    Fields: item, title and, if there are any, categories (a list of text, or text with `|` between)
    and attributes (an object of scalars, or text that is JSON of one); every other column is an
    attribute.
    `columns` names the column that holds a field, where it has another name: `{"item": "sku"}`.
    `progress` is told (done, size) now and then. Raises ImportRefused, before the first item, for a
    file that cannot be read or has no column for item or title.
    """
    named = columns or {}
    check_mapping(named, fields=FIELDS, required=REQUIRED)
    with open_rows(path) as file:
        if file.columns is not None:
            _require(path, file.columns, named)
        own_names = {column: column for column in file.columns or ()}
        for count, row in enumerate(file.read(own_names), 1):
            if count % PROGRESS_ROWS == 0:
                progress(row.position, file.size)
            try:
                yield item_of_row(row, named)
            except InvalidItem as error:
                on_rejection(RejectedRow(line=row.line, field=error.field, error=error.error))
        progress(file.size, file.size)


def _require(path: Path, columns: list[str], named: Mapping[str, str]) -> None:
    try:
        require_columns(columns, columns, named, REQUIRED)
    except ImportRefused as error:
        raise ImportRefused(f"{path.name}: {error}.") from None
