"""The items that could be served, for coverage and diversity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.offline.conftest import Files, arms, write

ITEMS: list[dict[str, Any]] = [
    {"item": "1", "categories": ["a"]},
    {"item": "2", "categories": ["a", "b"]},
    {"item": "3", "categories": []},
    {"item": "4"},
]
"""Of these, half are served; the slates' two items have one category of two in common."""


@pytest.fixture
def served(files: Files) -> Files:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    files.write([row | {"items": [1, 2]} for row in exposures], clicks)
    return files


def described(files: Files, *options: str) -> dict[str, tuple[float | None, str | None]]:
    found = files.analysed("--metrics", "clicked", "--described", *options)["described"]
    return {f["name"]: (f["value"], f["reason"]) for f in found if f["variant"] == "new"}


def jsonl(folder: Path) -> Path:
    path = folder / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, ITEMS)))
    return path


def csv(folder: Path) -> Path:
    path = folder / "items.csv"
    path.write_text("id,title,categories\n1,One,a\n2,Two,a|b\n3,Three,\n4,Four,\n")
    return path


def parquet(folder: Path) -> Path:
    numbered = [{"id": int(row["item"]), "categories": row.get("categories")} for row in ITEMS]
    return write(folder / "items.parquet", numbered)


@pytest.mark.parametrize("written", [jsonl, csv, parquet])
def test_with_the_items_coverage_and_diversity_have_a_value(
    served: Files, tmp_path: Path, written: Any
) -> None:
    found = described(served, "--items", str(written(tmp_path)))

    assert (found["coverage"], found["diversity"]) == ((0.5, None), (0.5, None))


def test_without_them_what_is_needed_is_said(served: Files) -> None:
    found = described(served)

    assert found["coverage"] == found["diversity"] == (None, "no_catalogue")
    printed = served.printed("--metrics", "clicked", "--described")
    assert "Needs the items that could be served: import_items, or --items of analyse." in printed


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("x.txt", "a", "x.txt: the extension must be one of .csv, .jsonl, .parquet."),
        ("x.csv", "item\n", "x.csv holds no item."),
        (
            "x.jsonl",
            '{"sku": "1"}',
            "line 1: item (or id) must be a text or a whole number, not None.",
        ),
        (
            "x.jsonl",
            '{"item": "1"}\n{"item": "2", "categories": [3]}',
            "line 2: categories must be a list of texts.",
        ),
    ],
)
def test_a_file_that_holds_no_items_is_refused(
    served: Files, tmp_path: Path, name: str, content: str, why: str
) -> None:
    path = tmp_path / name
    path.write_text(content)

    said = served.refused("--described", "--items", str(path))

    assert said.replace(f"{tmp_path}/", "") == f"--items: {why}"


def test_items_alone_would_do_nothing(served: Files, tmp_path: Path) -> None:
    assert served.refused("--items", str(jsonl(tmp_path))) == (
        "--items: tells of what --described asks for: give both."
    )
