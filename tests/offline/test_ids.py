"""Ids of files: numbers of any type are texts, and an empty text names nothing."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.offline.conftest import Files, after, notes, users, value

LINKED = ("--metrics", "ctr,impressions_per_user")
NUMBER = pa.struct([("id", pa.int64()), ("score", pa.float64())])
FLOAT = pa.struct([("id", pa.float64())])
TEXT = pa.struct([("id", pa.string())])


def served(user: str, variant: str, **changes: Any) -> dict[str, Any]:
    row = {"user": user, "variant": variant, "at": after(0), "request_id": f"r-{user}"}
    return row | {"items": ["1", "2"]} | changes


def clicked(user: str, item: Any, **changes: Any) -> dict[str, Any]:
    row = {"type": "click", "user": user, "at": after(1), "request_id": f"r-{user}", "item": item}
    return row | changes


@pytest.mark.parametrize(
    ("kind", "items"),
    [
        (pa.int64(), [1, 2]),
        (pa.float64(), [1.0, 2.0]),
        (pa.string(), ["1", "2"]),
        (NUMBER, [{"id": 1, "score": 0.5}, {"id": 2, "score": 0.1}]),
        (FLOAT, [{"id": 1.0}, {"id": 2.0}]),
        (TEXT, [{"id": "1"}, {"id": "2"}]),
    ],
    ids=str,
)
@pytest.mark.parametrize("item", [2, 2.0, "2"], ids=repr)
def test_items_of_slates_are_found_by_ids_of_any_type(
    files: Files, kind: pa.DataType, items: list[Any], item: object
) -> None:
    shown = pa.Table.from_pylist([served("a", "control"), served("b", "new")])
    files.write([served("a", "control")], [clicked("b", item)])
    listed = pa.array([items, items], pa.list_(kind))
    pq.write_table(shown.drop_columns("items").append_column("items", listed), files.exposures)

    assert value(files.analysed(*LINKED), "ctr") == {"control": 0.0, "new": 0.5}


def test_an_id_that_is_no_whole_number_keeps_its_digits(files: Files) -> None:
    odd = [1.5, float("inf"), float("nan")]
    files.write(
        [served("a", "control", items=odd), served("b", "new", items=odd)],
        [clicked("b", "1.5"), clicked("b", "inf"), clicked("b", "1")],
    )

    assert value(files.analysed(*LINKED), "ctr") == {"control": 0.0, "new": 2 / 3}


def test_items_without_ids_are_refused(files: Files) -> None:
    nameless = [{"name": "a"}]
    files.write(
        [served("a", "control", items=nameless), served("b", "new", items=nameless)],
        [clicked("b", "a")],
    )

    assert files.refused(*LINKED) == (
        "--exposures: items must be ids or structs with an id, not array<struct<name: string>>."
    )


def test_slates_with_an_empty_request_id_are_each_a_slate(files: Files) -> None:
    files.write(
        [
            *(
                served(u, v, request_id="")
                for u, v in (("a", "control"), ("b", "new"))
                for _ in range(3)
            ),
            *(served(u, v, items=[]) for u, v in (("a", "control"), ("b", "new"))),
        ],
        [clicked("b", "1", request_id=""), clicked("a", "no item of it")],
    )

    printed = files.analysed(*LINKED)

    assert value(printed, "impressions_per_user") == {"control": 6.0, "new": 6.0}
    assert value(printed, "ctr") == {"control": 0.0, "new": 0.0}


def test_an_empty_user_variant_or_experiment_is_none(files: Files) -> None:
    files.write(
        [
            *(served(user, "control") for user in ("a", "b", "")),
            *(served(user, variant) for user, variant in (("c", "new"), ("d", "new"), ("e", ""))),
            *(served(user, "new", experiment="") for user in ("f", "g")),
        ],
        [clicked("c", ""), clicked("c", "1"), clicked("", "1")],
    )

    printed = files.analysed(*LINKED, "--variants", "control,new")

    assert users(printed) == {"control": 2, "new": 4}
    assert printed["experiment"] == "experiment"
    assert {about: text for about, text in notes(printed).items() if "." in about} == {
        "exposures.user": "1 exposures without user are not counted.",
        "exposures.variant": "1 exposures without variant are not counted.",
        "events.user": "1 events without user are not counted.",
    }


def test_a_user_called_by_a_control_character_is_one_and_an_empty_text_beside_it_is_not(
    files: Files,
) -> None:
    files.write(
        [*(served(user, "control") for user in ("\t", "")), served("b", "new")],
        [clicked("\t", "1"), clicked("", "1"), clicked("", "1")],
    )

    printed = files.analysed(*LINKED)

    assert users(printed) == {"control": 1, "new": 1}
    assert {about: text for about, text in notes(printed).items() if "." in about} == {
        "exposures.user": "1 exposures without user are not counted.",
        "events.user": "2 events without user are not counted.",
    }
