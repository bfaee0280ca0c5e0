from __future__ import annotations

import datetime
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from imports.exceptions import ImportRefused
from imports.rows import RejectedRow
from recommenders.item_files import read_items
from recommenders.models import Item
from recommenders.services import ItemRow

CSV = """item,title,categories,year
i1,First,a|b,1999
7,Second,,
"""
ITEMS = [
    ItemRow(item="i1", title="First", categories=("a", "b"), attributes={"year": "1999"}),
    ItemRow(item="7", title="Second"),
]


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rejected(path: Path) -> tuple[list[ItemRow], list[RejectedRow]]:
    told: list[RejectedRow] = []
    return list(read_items(path, on_rejection=told.append)), told


def test_the_three_formats_give_the_same_items(tmp_path: Path) -> None:
    rows = [
        {"item": "i1", "title": "First", "categories": ["a", "b"], "year": "1999"},
        {"item": 7, "title": "Second", "attributes": {}},
    ]
    lines = write(tmp_path, "items.jsonl", "\n".join(json.dumps(row) for row in rows) + "\n\n")
    columns = {
        "item": ["i1", "7"],
        "title": ["First", "Second"],
        "categories": [["a", "b"], None],
        "year": ["1999", None],
    }
    pq.write_table(pa.table(columns), tmp_path / "items.parquet")
    for path in (write(tmp_path, "items.csv", CSV), lines, tmp_path / "items.parquet"):
        assert rejected(path) == (ITEMS, [])


def test_columns_may_be_mapped(tmp_path: Path) -> None:
    path = write(tmp_path, "items.csv", "sku,name,title\ni1,First,Dr\n")
    assert list(read_items(path, columns={"item": "sku", "title": "name"})) == [
        ItemRow(item="i1", title="First", attributes={"title": "Dr"})
    ]


def test_a_field_that_is_mapped_takes_its_column_from_the_field_of_that_name(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "items.csv", 'item,title,categories\ni1,First,"{""a"": 1}"\n')
    assert list(read_items(path, columns={"attributes": "categories"})) == [
        ItemRow(item="i1", title="First", attributes={"a": 1})
    ]


def test_what_parquet_has_and_json_has_not_becomes_text_or_is_left_out(tmp_path: Path) -> None:
    row = {"item": "i", "title": "t", "since": datetime.date(2020, 1, 2), "price": float("nan")}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "items.parquet")
    [item] = read_items(tmp_path / "items.parquet")
    assert item.attributes == {"since": "2020-01-02"}


@pytest.mark.parametrize(
    "attributes",
    [
        pa.array([[("brand", "A"), ("size", None)], [("size", "3")]], pa.map_("string", "string")),
        [{"brand": "A", "size": None}, {"brand": None, "size": "3"}],
        ['{"brand": "A"}', '{"size": "3"}'],
    ],
    ids=["a map", "a struct", "JSON text"],
)
def test_attributes_in_parquet_are_maps_structs_or_json_text(
    tmp_path: Path, attributes: Any
) -> None:
    columns = {"item": ["i1", "i2"], "title": ["t", "t"], "attributes": attributes}
    pq.write_table(pa.table(columns), tmp_path / "items.parquet")
    items, told = rejected(tmp_path / "items.parquet")
    assert [item.attributes for item in items] == [{"brand": "A"}, {"size": "3"}]
    assert told == []


def test_a_time_that_no_calendar_has_spoils_its_own_row(tmp_path: Path) -> None:
    since = pa.array([2**62, 0], pa.int64()).cast(pa.timestamp("us", "UTC"))
    columns = {"item": ["i1", "i2"], "title": ["t", "t"], "since": since}
    pq.write_table(pa.table(columns), tmp_path / "items.parquet")
    items, told = rejected(tmp_path / "items.parquet")
    assert [item.attributes for item in items] == [{"since": "1970-01-01T00:00:00+00:00"}]
    why = "cannot be read: “since” is out of range (date value out of range)"
    assert told == [RejectedRow(line=1, field="", error=why)]


def test_rows_that_are_no_items_are_told_by_line_and_the_others_given(tmp_path: Path) -> None:
    rows = b'item,title\n,x\ni1,\n\ni2\n"i\n3",ok\n\xff,x\ni5,a\0b\n' + b"i" * 257 + b",x\ni6,"
    items, told = rejected(write(tmp_path, "items.csv", rows + b"t" * 513 + b"\n"))
    assert [item.item for item in items] == ["i\n3"]
    assert told == [
        RejectedRow(line=2, field="item", error="is required"),
        RejectedRow(line=3, field="title", error="is required"),
        RejectedRow(line=5, field="", error="has 1 cells; the header has 2"),
        RejectedRow(line=8, field="", error="is not UTF-8 (byte 0xFF): save the file as UTF-8"),
        RejectedRow(line=9, field="title", error="must not hold the NUL character (U+0000)"),
        RejectedRow(line=10, field="item", error="must be text of 1 to 256 characters"),
        RejectedRow(line=11, field="title", error="must be text of 1 to 512 characters"),
    ]


def test_lines_of_json_that_are_no_items_are_told(tmp_path: Path) -> None:
    lines = '{"item"\n[1]\n{"item": "i", "title": "t", "sizes": [1]}\n{"item": "i", "title": "t"}\n'
    items, told = rejected(write(tmp_path, "items.jsonl", lines))
    assert items == [ItemRow(item="i", title="t")]
    assert [row.line for row in told] == [1, 2, 3]
    assert told[2] == RejectedRow(
        line=3, field="attributes", error="must be an object of text, numbers, true and false"
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("items.xlsx", "", r"the extension must be one of \.csv, \.jsonl, \.parquet"),
        ("items.csv", "", "the column “item” is missing"),
        ("items.csv", "item,name\n", "the column “title” is missing"),
        ("items.csv", "item,title,title\n", "the column “title” is there twice"),
        ("items.parquet", "no parquet", "items.parquet cannot be read"),
    ],
)
def test_a_file_of_another_shape_is_refused(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    with pytest.raises(ImportRefused, match=message):
        next(read_items(write(tmp_path, name, content)))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"item": "a", "title": "a"}, "A column is mapped to two fields"),
        ({"sku": "a"}, "“sku” is no field; those are item, title, categories, attributes"),
        ({"item": "sku"}, "the column “sku” is missing"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(
    tmp_path: Path, columns: dict[str, str], message: str
) -> None:
    path = write(tmp_path, "items.csv", CSV)
    with pytest.raises(ImportRefused, match=message):
        list(read_items(path, columns=columns))


def run(*arguments: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_items", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.mark.django_db
def test_the_command_imports_again_what_changed_and_reports_the_rest(tmp_path: Path) -> None:
    Item.objects.create(key="i1", title="Old")
    path = write(tmp_path, "shop.csv", CSV.replace("item,", "sku,") + ",x,,\n" * 21)
    report = tmp_path / "rejected.csv"
    out, err = run(path, "--map", "item=sku", "--dry-run")
    assert out == "2 rows can be imported, 21 cannot. Nothing was written.\n"
    assert Item.objects.get().title == "Old"
    out, err = run(path, "--map", "item=sku", "--report", report)
    assert out == "1 items added, 1 brought up to date, 21 rows rejected.\n"
    assert "line 4: item is required" in err
    assert err.splitlines()[-1] == f"... and 1 more; all are in {report}"
    assert len(report.read_text().splitlines()) == 22
    assert sorted(Item.objects.values_list("key", "title")) == [("7", "Second"), ("i1", "First")]


@pytest.mark.django_db
def test_the_command_refuses_a_file_whole(tmp_path: Path) -> None:
    path = write(tmp_path, "items.csv", "item,name\ni1,First\n")
    with pytest.raises(CommandError, match="the column “title” is missing"):
        run(path)
    with pytest.raises(CommandError, match="would overwrite the file to import"):
        run(path, "--report", path)
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "none.csv")
    assert not Item.objects.exists()


@pytest.mark.django_db
def test_the_command_counts_an_item_once_however_often_the_file_has_it(tmp_path: Path) -> None:
    Item.objects.create(key="i0", title="Old")
    rows = "".join(f"i{n % 400},t{n}\n" for n in range(1000))
    out, _ = run(write(tmp_path, "items.csv", "item,title\n" + rows))
    assert out == "399 items added, 601 brought up to date, 0 rows rejected.\n"
    assert Item.objects.count() == 400
    assert Item.objects.get(key="i0").title == "t800"


@pytest.mark.parametrize(
    ("cell", "available"),
    [("true", True), ("No", False), ("1", True), ("0", False), ("FALSE", False), ("", True)],
)
def test_a_column_says_whether_an_item_may_be_recommended(
    tmp_path: Path, cell: str, available: bool
) -> None:
    path = tmp_path / "items.csv"
    path.write_text(f"item,title,available\ni1,First,{cell}\n")
    assert [row.available for row in read_items(path)] == [available]


def test_what_is_neither_yes_nor_no_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("item,title,available\ni1,First,perhaps\n")
    rejected: list[RejectedRow] = []
    assert list(read_items(path, on_rejection=rejected.append)) == []
    assert [(row.field, row.error) for row in rejected] == [("available", "must be true or false")]
