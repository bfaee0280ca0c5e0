"""The first rows of a file, its columns by field, and what is wrong with rejected rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.forms.imports import CATALOGUE, EVENTS
from imports.exceptions import ImportRefused
from imports.guessing import guess, preview
from imports.rejections import MOST_EXAMPLES, MOST_REASONS, OTHER, Tally
from imports.rows import RejectedRow


@pytest.mark.parametrize(
    ("columns", "guessed"),
    [
        (["user", "item", "at"], {"user": "user", "item": "item", "at": "at"}),
        (
            ["userId", "movieId", "rating", "timestamp"],
            {"user": "userId", "item": "movieId", "value": "rating", "at": "timestamp"},
        ),
        (
            ["Customer ID", "SKU", "event_type", "Event-Time", "price"],
            {
                "user": "Customer ID",
                "item": "SKU",
                "type": "event_type",
                "at": "Event-Time",
                "value": "price",
            },
        ),
        (["event", "type", "user"], {"type": "type", "user": "user"}),
        (["a", "b"], {}),
    ],
)
def test_columns_of_behaviour_are_guessed_by_their_names(
    columns: list[str], guessed: dict[str, str]
) -> None:
    assert guess(columns, EVENTS.known) == guessed


def test_an_id_of_the_catalogue_is_the_item() -> None:
    assert guess(["id", "name", "genres"], CATALOGUE.known) == {
        "item": "id",
        "title": "name",
        "categories": "genres",
    }


def test_the_first_rows_are_shown_as_text(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("user,item,at\n" + "".join(f"u{n},i{n},{'y' * 70}\n" for n in range(20)))

    shown = preview(file)

    assert shown.columns == ["user", "item", "at"]
    assert len(shown.rows) == 8
    assert shown.rows[7] == ["u7", "i7", "y" * 60 + "…"]


def test_columns_of_json_lines_are_those_of_its_first_rows(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"user": "u", "n": 1}\n{"user": "v", "extra": null}\nbroken\n')

    shown = preview(file)

    assert shown.columns == ["user", "n", "extra"]
    assert shown.rows[:2] == [["u", "1", ""], ["v", "", ""]]
    assert shown.rows[2][0].startswith("is not a JSON object")


def test_a_file_that_is_not_what_it_says_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    file.write_text("user,item\n")

    with pytest.raises(ImportRefused, match=r"x\.parquet cannot be read"):
        preview(file)


def test_rejected_rows_are_counted_by_reason_in_bounded_memory() -> None:
    tally = Tally()
    for line in range(100):
        tally.add(RejectedRow(line=line, field="at", error=f"is wrong in way {line}"))
    for line in range(3):
        tally.add(RejectedRow(line=line, field="at", error="is wrong in way 7"))

    assert tally.count == 103
    assert tally.examples[0] == (0, "at", "is wrong in way 0")
    assert len(tally.examples) == MOST_EXAMPLES
    assert tally.reasons()[0] == ("", OTHER, 50)
    assert tally.reasons()[1] == ("at", "is wrong in way 7", 4)
    assert len(tally.reasons()) == MOST_REASONS + 1


def test_a_name_of_two_columns_is_refused_with_the_name_and_how_often(tmp_path: Path) -> None:
    file = tmp_path / "dup.csv"
    file.write_text("user,item,user,at,user\nu,i,v,2,w\n")

    with pytest.raises(ImportRefused) as refused:
        preview(file)

    assert str(refused.value) == (
        "dup.csv: 3 columns are named “user”. Give each a name of its own, or take out those that "
        "are not needed."
    )


@pytest.mark.parametrize(
    ("header", "says_values"),
    [
        ("1,10,2024-01-01", True),
        ("u1,i1,1700000000", True),
        ("u1;i1;9,50", True),
        ("u1,i1,2024-01-01T10:00:00Z", True),
        ("user,item,at", False),
        ("user1,item2,at", False),
        ("", False),
    ],
)
def test_a_number_or_a_time_among_the_names_is_noticed(
    tmp_path: Path, header: str, says_values: bool
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(f"{header}\n")

    assert preview(file).says_values is says_values


def test_names_in_json_are_names_whatever_they_say(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"2024": 1}\n')

    assert (preview(file).says_values, preview(file).separator) == (False, "")
