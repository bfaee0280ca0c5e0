"""Items into the database and past behaviour into the log, by the product's own imports."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from events.importing import import_events
from recommenders.models import Item, Recommender
from recommenders.services import ItemRow, import_items
from simulator.catalogue import Catalogue, CatalogueItem

CHUNK_ROWS = 25_000  # four moves of the bar


def fill(catalogue: Catalogue, *, log_dir: Path, journal_dir: Path) -> None:
    """Import items and past behaviour, unless a model was trained on them. May be repeated."""
    if Recommender.objects.exclude(live=None).exists():
        return
    if Item.objects.count() < len(catalogue.items):
        with tqdm(catalogue.items, desc="Importing items", unit=" items") as bar:
            import_items(_row(item) for item in bar)
    with tempfile.TemporaryDirectory() as folder:
        ratings = _written(catalogue, Path(folder) / "ratings.parquet")
        _import_ratings(ratings, log_dir, journal_dir)


def _row(item: CatalogueItem) -> ItemRow:
    return ItemRow(
        item=item.key,
        title=item.title,
        categories=item.categories,
        attributes={} if item.year is None else {"year": item.year},
    )


def _written(catalogue: Catalogue, path: Path) -> Path:
    """The ratings as a file of past behaviour."""
    ratings = list(catalogue.ratings())
    columns = {
        "user": [rating.user for rating in ratings],
        "item": [rating.item for rating in ratings],
        "value": [rating.value for rating in ratings],
        "at": pa.array([rating.at for rating in ratings], pa.timestamp("us", tz="UTC")),
        "type": ["rating"] * len(ratings),
    }
    pq.write_table(pa.table(columns), path)
    return path


def _import_ratings(path: Path, log_dir: Path, journal_dir: Path) -> None:
    with tqdm(desc="Importing past behaviour", unit=" events") as bar:

        def progress(done: int, size: int) -> None:
            bar.total = size
            bar.update(done - bar.n)

        import_events(
            path,
            log_dir=log_dir,
            journal_dir=journal_dir,
            now=datetime.now(UTC),
            progress=progress,
            chunk_rows=CHUNK_ROWS,
        )
