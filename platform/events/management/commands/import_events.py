"""`manage.py import_events FILE`: past behaviour, from CSV, JSON Lines or Parquet."""

import csv
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from events.exceptions import ImportRefused
from events.import_columns import Columns, parse_mapping
from events.importing import ImportResult, OnRejection, RejectedRow, import_events

SHOWN_REJECTIONS = 20


class Command(BaseCommand):
    help = (
        "Import past behaviour: columns user, item, at, and type, value, id, request_id, "
        "properties where there are any. What the log has already is left as it is, so a run that "
        "was interrupted is finished by running it again."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a .csv, .jsonl or .parquet file")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="which column holds a field, such as user=customer_id; may be repeated",
        )
        parser.add_argument(
            "--ignore-other-columns",
            action="store_true",
            help="leave out columns that are no field, instead of refusing the file",
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
        ignore_other_columns: bool,
        dry_run: bool,
        report: Path | None,
        **options: Any,
    ) -> None:
        if report and report.resolve() == file.resolve():
            raise CommandError("The report would overwrite the file to import.")
        try:
            columns = Columns(named=parse_mapping(map), ignore_others=ignore_other_columns)
            with _bar(file) as bar, _report(report) as on_rejection:
                result = import_events(
                    file,
                    log_dir=settings.LOG_DIR,
                    now=datetime.now(UTC),
                    columns=columns,
                    dry_run=dry_run,
                    progress=lambda done, size: _advance(bar, done, size),
                    on_rejection=on_rejection,
                )
        except ImportRefused as error:
            raise CommandError(str(error)) from error
        self._say(result, dry_run, report)

    def _say(self, result: ImportResult, dry_run: bool, report: Path | None) -> None:
        for row in result.rejections[:SHOWN_REJECTIONS]:
            where = f" {row.field}" if row.field else ""
            self.stderr.write(f"line {row.line}:{where} {row.error}")
        more = result.rejected - SHOWN_REJECTIONS
        if more > 0:
            place = f"all are in {report}" if report else "--report FILE lists all"
            self.stderr.write(f"... and {more} more; {place}")
        if dry_run:
            sound = result.added + result.already_there
            self.stdout.write(
                f"{sound} rows can be imported, {result.rejected} cannot. Nothing was written."
            )
            return
        self.stdout.write(
            f"{result.added} events added, {result.already_there} already there, "
            f"{result.rejected} rows rejected."
        )


def _bar(file: Path) -> Any:
    return tqdm(desc=f"Importing {file.name}", unit_scale=True, disable=None)


def _advance(bar: Any, done: int, size: int) -> None:
    bar.total = size
    bar.update(done - bar.n)


@contextmanager
def _report(path: Path | None) -> Iterator[OnRejection]:
    """Writes what is rejected to the file, if any, as it comes. Raises ImportRefused."""
    if path is None:
        yield lambda row: None
        return
    try:
        file = path.open("w", newline="", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ImportRefused(f"The report {path} cannot be written: {error}") from error
    with file:
        writer = csv.writer(file)
        writer.writerow(("line", "field", "error"))

        def write(row: RejectedRow) -> None:
            writer.writerow(astuple(row))

        yield write
