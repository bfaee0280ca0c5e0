"""`manage.py import_events FILE`: past behaviour, from CSV, JSON Lines or Parquet."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from events.exceptions import ImportRefused
from events.importing import RejectedRow, import_events


class Command(BaseCommand):
    help = "Import past behaviour: columns user, item, at, and type, value, id where there are any."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a .csv, .jsonl or .parquet file")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        with tqdm(desc=f"Importing {file.name}", unit_scale=True, disable=None) as bar:

            def progress(done: int, size: int) -> None:
                bar.total = size
                bar.update(done - bar.n)

            try:
                result = import_events(
                    file, log_dir=settings.LOG_DIR, now=datetime.now(UTC), progress=progress
                )
            except ImportRefused as error:
                raise CommandError(str(error)) from error
        self._report(result.rejections, result.rejected)
        self.stdout.write(
            f"{result.added} events added, {result.already_there} already there, "
            f"{result.rejected} rows rejected."
        )

    def _report(self, rejections: list[RejectedRow], total: int) -> None:
        for row in rejections:
            where = f" {row.field}" if row.field else ""
            self.stderr.write(f"line {row.line}:{where} {row.error}")
        if total > len(rejections):
            self.stderr.write(f"... and {total - len(rejections)} more")
