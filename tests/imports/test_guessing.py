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
