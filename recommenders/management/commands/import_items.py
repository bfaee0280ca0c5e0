"""`manage.py import_items FILE`: the catalogue, from CSV, JSON Lines or Parquet."""

from pathlib import Path
from typing import Any

from imports.command import Asked, ImportCommand
from recommenders.item_files import read_items
from recommenders.item_shapes import FIELDS
from recommenders.services import import_items


class Command(ImportCommand):
    help = (
        "Adds the items of a file to the catalogue, and brings up to date those that are there; a "
        "run that was interrupted is finished by running it again. A file without the columns item "
        "and title is refused before anything is written; rows that are no item are reported by "
        "line, and the others imported."
    )
    fields = FIELDS
    example = "item=sku"

    def import_file(self, file: Path, asked: Asked, **options: Any) -> tuple[int, str]:
        rows = read_items(
            file,
            columns=asked.mapping,
            progress=asked.progress,
            on_rejection=asked.on_rejection,
        )
        if asked.dry_run:
            return sum(1 for _ in rows), ""
        done = import_items(rows)
        said = f"{done.added:,} items added, {done.updated:,} brought up to date"
        return done.added + done.updated, said
