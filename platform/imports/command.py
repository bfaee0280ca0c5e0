"""The options, the progress bar and the report of every command that imports a file."""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from imports.exceptions import ImportRefused, ImportStopped
from imports.mapping import parse_mapping
from imports.rows import OnRejection, Progress, RejectedRow

SHOWN_REJECTIONS = 20
AGAIN = (
    "What came in so far stays; run the same command again for the rest: nothing is added twice."
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What every import is told: the column by field, and whom to tell of what."""

    mapping: dict[str, str]
    dry_run: bool
    progress: Progress
    on_rejection: OnRejection


class ImportCommand(BaseCommand):
    """A command says what its fields are and imports; all else is done here."""

    fields: tuple[str, ...]
    example: str

    def import_file(self, file: Path, asked: Asked, **options: Any) -> tuple[int, str]:
        """How many rows can be imported, and after an import what to say of it before how many
        were rejected. Raises ImportRefused and ImportStopped.
        """
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a .csv, .jsonl or .parquet file")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help=f"which column holds a field, such as {self.example}; may be repeated. "
            f"Fields: {', '.join(self.fields)}",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="read and judge every row, and write nothing"
        )
        parser.add_argument(
            "--report", type=Path, help="write every rejected row to this CSV: line, field, error"
        )

    def handle(
        self,
        *args: Any,
        file: Path,
        map: list[str],
        dry_run: bool,
        report: Path | None,
        **options: Any,
    ) -> None:
        if report and report.resolve() == file.resolve():
            raise CommandError("The report would overwrite the file to import.")
        with _failures_said(), _bar(file) as bar, _rejections(report) as rejected:
            asked = Asked(
                mapping=parse_mapping(map, example=self.example),
                dry_run=dry_run,
                progress=lambda done, size: _advance(bar, done, size),
                on_rejection=rejected.add,
            )
            sound, said = self.import_file(file, asked, **options)
        for line in rejected.lines(report):
            self.stderr.write(line)
        if dry_run:
            said = (
                f"{sound:,} rows can be imported, {rejected.count:,} cannot. Nothing was written."
            )
        else:
            said = f"{said}, {rejected.count:,} rows rejected."
        self.stdout.write(said)


@contextmanager
def _failures_said() -> Iterator[None]:
    """What ends an import early, as a CommandError that says what to do then."""
    try:
        yield
    except ImportRefused as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        raise CommandError(f"The import was interrupted. {AGAIN}", returncode=130) from None
    except (ImportStopped, OSError, DatabaseError) as error:
        why = str(error).rstrip(".")
        raise CommandError(f"The import stopped: {why}. Put that right. {AGAIN}") from error


class _Rejections:
    """Counts rejected rows, keeps the first, and writes all to the report, if any."""

    def __init__(self, writer: Any = None) -> None:
        self.count = 0
        self._first: list[RejectedRow] = []
        self._writer = writer

    def add(self, row: RejectedRow) -> None:
        self.count += 1
        if len(self._first) < SHOWN_REJECTIONS:
            self._first.append(row)
        if self._writer:
            self._writer.writerow(astuple(row))

    def lines(self, report: Path | None) -> Iterator[str]:
        yield from map(str, self._first)
        if self.count > len(self._first):
            place = f"all are in {report}" if report else "--report FILE lists all"
            yield f"... and {self.count - len(self._first):,} more; {place}"


@contextmanager
def _rejections(report: Path | None) -> Iterator[_Rejections]:
    """What takes rejected rows, and writes them as they come. Raises ImportRefused."""
    if report is None:
        yield _Rejections()
        return
    try:
        file = report.open("w", newline="", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ImportRefused(f"The report {report} cannot be written: {error}") from error
    with file:
        writer = csv.writer(file)
        writer.writerow(("line", "field", "error"))
        yield _Rejections(writer)


def _bar(file: Path) -> Any:
    return tqdm(desc=f"Importing {file.name}", unit_scale=True, disable=None)


def _advance(bar: Any, done: int, size: int) -> None:
    bar.total = size
    bar.update(done - bar.n)
