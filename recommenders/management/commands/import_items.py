from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from recommenders.exceptions import ItemFileError
from recommenders.item_files import read_items
from recommenders.services import import_items


class Command(BaseCommand):
    help = (
        "Adds the items of a CSV or JSON Lines file to the catalogue, and brings up to date those "
        "that are there. A file with an error is refused before anything is written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rows = list(read_items(options["file"]))
        except ItemFileError as error:
            raise CommandError(str(error)) from error
        imported = import_items(tqdm(rows, desc="items", unit=""))
        self.stdout.write(f"{imported:,} items are in the catalogue as the file has them.")
