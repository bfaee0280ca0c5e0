"""What cannot be routed by is refused when it is saved."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.assignment.conditions import check
from experiments.exceptions import Invalid

ON_VALUES = "$eq, $ne, $in, $nin, $gt, $gte, $lt, $lte, $exists, $regex, $size, $all, $not"


def nested(levels: int) -> dict[str, Any]:
    return {"$not": nested(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    ("condition", "field", "message"),
    [
        (
            {"$or": [{"country": {"$foo": 1}}]},
            "condition/$or/0/country/$foo",
            f"There is no operator $foo. Allowed here: {ON_VALUES}.",
        ),
        (
            {"$xor": []},
            "condition/$xor",
            "There is no operator $xor. Allowed here: $and, $or, $nor, $not, or the name of an "
            "attribute.",
        ),
        (
            {"$eq": 1},
            "condition/$eq",
            '$eq stands on an attribute: {"country": {"$eq": …}}.',
        ),
        (
            {"a": {"$or": [1, 2]}},
            "condition/a/$or",
            "$or stands around whole conditions, not on one attribute.",
        ),
        ({"a": {}}, "condition/a", f"Give a value, or an operator: {ON_VALUES}."),
        (
            {"a": {"b": 1}},
            "condition/a/b",
            f"An attribute is no object; write a path such as a.b, or an operator: {ON_VALUES}.",
        ),
        ([], "condition", 'Give an object of attributes, such as {"country": "NL"}.'),
        (
            {"$and": {"a": 1}},
            "condition/$and",
            "Give a list here, not an object.",
        ),
        (
            {"$or": []},
            "condition/$or",
            "Give a list of 1 to 1000 here; this one has 0.",
        ),
        (
            {"$or": [{"a": 1}, 2]},
            "condition/$or/1",
            'Give an object of attributes, such as {"country": "NL"}.',
        ),
        ({"a": {"$in": "NL"}}, "condition/a/$in", "Give a list here, not text."),
        (
            {"a": {"$in": ["x"] * 1001}},
            "condition/a/$in",
            "Give a list of 1 to 1000 here; this one has 1001.",
        ),
        (
            {"a": {"$nin": [1, [2]]}},
            "condition/a/$nin/1",
            "Give text, a number, true, false or null here, not a list.",
        ),
        (
            {"a": {"$eq": {}}},
            "condition/a/$eq",
            "Give text, a number, true, false or null here, not an object.",
        ),
        (
            {"a": {"$gt": True}},
            "condition/a/$gt",
            "Give text or a number here, not true or false: only they have an order.",
        ),
        ({"a": {"$exists": 1}}, "condition/a/$exists", "Give true or false here, not a number."),
        (
            {"a": {"$size": -1}},
            "condition/a/$size",
            "Give a whole number of 0 or more, or an operator such as $gte.",
        ),
        ({"a": 2**60}, "condition/a", "Give a whole number between -2**53 and 2**53."),
        ({"a": float("nan")}, "condition/a", "Give a number that is finite."),
        ({"a": "\0"}, "condition/a", "Text must not hold the NUL character (U+0000)."),
        (
            {"a": "\ud83d"},
            "condition/a",
            "This is no Unicode text: it holds half a character.",
        ),
        ({"": 1}, "condition/", "Give an attribute's name of 1 to 256 characters."),
        ({"a/b~": []}, "condition/a~1b~0", "Give a list of 1 to 1000 here; this one has 0."),
        ({1: "a"}, "condition", "The names of an object are text."),
        ({"a": {1: "a"}}, "condition/a", "The names of an object are text."),
        (
            nested(10),
            "condition" + "/$not" * 10,
            "A condition is nested at most 10 levels deep.",
        ),
        (
            {"a": {"$in": ["x" * 100] * 700}},
            "condition",
            "A condition has at most 65536 characters of JSON.",
        ),
    ],
)
def test_a_refusal_says_where_and_what_is_allowed(condition: Any, field: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(condition)

    assert (refused.value.field, refused.value.message) == (field, message)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)b", "invalid perl operator: (?="),
        ("(?<!a)b", "invalid perl operator: (?<!"),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a++", "bad repetition operator: ++"),
        ("a(", "missing ): a("),
        ("a{1001}", "invalid repetition size: {1001}"),
        (r"(\pL{100}){9}" * 5, "pattern too large - compile failed"),
    ],
)
def test_a_pattern_that_cannot_be_matched_in_linear_time_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        check({"a": {"$regex": pattern}})

    assert refused.value.field == "condition/a/$regex"
    assert refused.value.message == (
        f"RE2 cannot match this pattern: {why}. Lookaround, references back and possessive "
        "repetition are not allowed."
    )


@pytest.mark.parametrize("pattern", [1, None, "", "a" * 501])
def test_a_pattern_is_text_of_a_bounded_length(pattern: object) -> None:
    with pytest.raises(Invalid) as refused:
        check({"a": {"$regex": pattern}})

    assert refused.value.message == "Give a pattern, text of 1 to 500 characters."


def test_a_name_that_the_caller_made_up_is_cut_short() -> None:
    with pytest.raises(Invalid) as refused:
        check({"a": {"$" + "x" * 5000: 1}})

    assert len(refused.value.message) < 300


def test_nesting_up_to_the_bound_is_taken() -> None:
    check(nested(9))
