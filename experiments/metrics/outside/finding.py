"""Files by name, by folder or by pattern."""

import glob
from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.metrics.files import is_csv
from experiments.metrics.outside.exceptions import InvalidRequest

DELTA_LOG = "_delta_log"


def find_files(field: str, given: Sequence[str]) -> list[Path]:
    """The files, each once and in order. Raises InvalidRequest about `field`.

    Of a folder they are the Parquet files in and below it; of a Delta table those of its newest
    version.
    """
    found = list(dict.fromkeys(path for name in given for path in _named(field, name)))
    if not found:
        raise InvalidRequest(field, "needs a file, a folder or a pattern")
    for path in found:
        if path.suffix.lower() not in (".parquet", ".csv"):
            raise InvalidRequest(field, f"{path} is neither a .parquet nor a .csv file")
        if not path.stat().st_size:
            raise InvalidRequest(field, f"{path} is empty")
    if len({is_csv(path) for path in found}) > 1:
        raise InvalidRequest(field, "takes Parquet files or CSV files, not both at once")
    return found


def _named(field: str, name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from _in_folder(field, path)
    elif path.exists():
        yield path
    else:
        matching = sorted(glob.glob(name, recursive=True))
        if not matching:
            raise InvalidRequest(field, f"there is no file {name}")
        yield from (Path(match) for match in matching)


def _in_folder(field: str, folder: Path) -> list[Path]:
    found = _of_delta(folder) if (folder / DELTA_LOG).is_dir() else folder.rglob("*.parquet")
    if not (paths := sorted(found)):
        raise InvalidRequest(field, f"the folder {folder} holds no Parquet file")
    return paths


def _of_delta(folder: Path) -> list[Path]:
    from deltalake import DeltaTable  # takes its time to import, and few need it

    table = DeltaTable(str(folder))
    names = [str(name) for name in table.file_uris()]
    return [Path(name.removeprefix("file://")) for name in names]
