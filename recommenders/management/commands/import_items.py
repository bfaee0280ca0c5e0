import csv
from argparse import ArgumentParser
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recommenders.exceptions import ItemFileError
from recommenders.item_files import RejectedItem, parse_mapping, read_items
from recommenders.services import import_items

SHOWN_REJECTIONS = 20


class Command(BaseCommand):
    help = (
        "Adds the items of a CSV, JSON Lines or Parquet file to the catalogue, and brings up to "
        "date those that are there; a run that was interrupted is finished by running it again. "
        "A file without the columns item and title is refused before anything is written; rows "
        "that are no item are reported by line, and the others imported."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a .csv, .jsonl or .parquet file")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="which column holds item, title or categories, such as item=sku; may be repeated",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="read and judge every row, and write nothing"
        )
        parser.add_argument(
            "--report", type=Path, help="write every rejected row to this CSV: line, error"
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
        try:
            with ExitStack() as stack:
                bar = stack.enter_context(
                    tqdm(desc=f"Importing {file.name}", unit_scale=True, disable=None)
                )
                rejected = _Rejected(report, stack)
                rows = read_items(
                    file,
                    columns=parse_mapping(map),
                    progress=lambda done, size: _advance(bar, done, size),
                    on_rejection=rejected.add,
                )
                imported = sum(1 for _ in rows) if dry_run else import_items(rows)
        except (ItemFileError, OSError) as error:
            raise CommandError(str(error)) from error
        self._say(imported, rejected, dry_run)

    def _say(self, imported: int, rejected: "_Rejected", dry_run: bool) -> None:
        for row in rejected.first:
            self.stderr.write(f"line {row.line}: {row.error}")
        if rejected.count > len(rejected.first):
            more = rejected.count - len(rejected.first)
            self.stderr.write(f"... and {more} more; --report FILE lists all")
        if dry_run:
            self.stdout.write(
                f"{imported:,} rows can be imported, {rejected.count:,} cannot. "
                "Nothing was written."
            )
        else:
            self.stdout.write(
                f"{imported:,} items are in the catalogue as the file has them; "
                f"{rejected.count:,} rows rejected."
            )


class _Rejected:
    """Counts rejected rows, keeps the first, and writes all to the report, if any."""

    def __init__(self, report: Path | None, stack: ExitStack) -> None:
        self.count = 0
        self.first: list[RejectedItem] = []
        self._writer: Any = None
        if report:
            file = stack.enter_context(
                report.open("w", newline="", encoding="utf-8", errors="backslashreplace")
            )
            self._writer = csv.writer(file)
            self._writer.writerow(("line", "error"))

    def add(self, row: RejectedItem) -> None:
        self.count += 1
        if len(self.first) < SHOWN_REJECTIONS:
            self.first.append(row)
        if self._writer:
            self._writer.writerow(astuple(row))


def _advance(bar: Any, done: int, size: int) -> None:
    bar.total = size
    bar.update(done - bar.n)
