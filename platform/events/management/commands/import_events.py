"""`manage.py import_events FILE`: past behaviour, from CSV, JSON Lines or Parquet."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from events.import_columns import FIELDS, Columns
from events.importing import import_events
from imports.command import Asked, ImportCommand


class Command(ImportCommand):
    help = (
        "Import past behaviour: columns user, item, at, and type, value, id, request_id, "
        "properties where there are any. What the log has already is left as it is, so a run that "
        "was interrupted is finished by running it again."
    )
    requires_system_checks: list[str] = []
    fields = FIELDS
    example = "user=customer_id"

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--ignore-other-columns",
            action="store_true",
            help="leave out columns that are no field, instead of refusing the file",
        )

    def import_file(self, file: Path, asked: Asked, **options: Any) -> tuple[int, str]:
        result = import_events(
            file,
            log_dir=settings.LOG_DIR,
            journal_dir=settings.JOURNAL_DIR,
            now=datetime.now(UTC),
            columns=Columns(named=asked.mapping, ignore_others=options["ignore_other_columns"]),
            dry_run=asked.dry_run,
            progress=asked.progress,
            on_rejection=asked.on_rejection,
        )
        said = f"{result.added:,} events added, {result.already_there:,} already there"
        if result.erased:
            said += f", {result.erased:,} of people erased meanwhile left out"
        return result.added + result.already_there, said
