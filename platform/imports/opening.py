"""Opening a file of rows by its extension."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from imports.csv_file import open_csv
from imports.exceptions import ImportRefused
from imports.jsonl_file import open_jsonl
from imports.parquet_file import open_parquet
from imports.rows import Row, RowFile

_OPENERS: dict[str, Callable[[Path, ExitStack], RowFile]] = {
    ".csv": open_csv,
    ".jsonl": open_jsonl,
    ".parquet": open_parquet,
}


@contextmanager
def open_rows(path: Path) -> Iterator[RowFile]:
    """Open a .csv, .jsonl or .parquet file. Raises ImportRefused for what cannot be read.

    So does reading its rows, where the file is damaged on the way.
    """
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        raise ImportRefused(f"{path.name}: the extension must be one of {', '.join(_OPENERS)}.")
    with ExitStack() as stack:
        try:
            file = opener(path, stack)
        except (OSError, pa.ArrowException) as error:
            raise ImportRefused(f"{path.name} cannot be read: {error}.") from error
        except ImportRefused as error:
            raise ImportRefused(f"{path.name}: {error}.") from None
        yield replace(file, read=lambda names: _readable(path, file, names))


def _readable(path: Path, file: RowFile, names: Mapping[str, str]) -> Iterator[Row]:
    try:
        yield from file.read(names)
    except (OSError, pa.ArrowException) as error:
        raise ImportRefused(f"{path.name} cannot be read to its end: {error}.") from error
