"""Conditions mean what the GrowthBook SDKs make of them."""

from __future__ import annotations

from typing import Any

import pytest
from growthbook.core import evalCondition
from hypothesis import example, given
from hypothesis import strategies as st

from experiments.assignment.conditions import compiled

# Few names and values, so that conditions are often met.
TEXTS = ["", "a", "b", "NL", "1", "true", "\uffee", "😀"]
NUMBERS = [0, 1, -1, 2, 3, 0.5, 1.0]
SCALARS = st.sampled_from([*TEXTS, *NUMBERS, True, False])
NULLABLE = SCALARS | st.none()
PATHS = st.sampled_from(["a", "b", "tags", "tags.0", "tags.length", "tags.01", "a.b", "missing"])
PATTERNS = ["a", "^N", "L$", "^(a|b)$", "[0-9]", "(?i)nl", "^.$", "^$", "t.*e"]
ORDERABLE = st.sampled_from([*TEXTS, *NUMBERS])


def operators(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    one = {
        **dict.fromkeys(("$eq", "$ne"), NULLABLE),
        **dict.fromkeys(("$in", "$nin"), st.lists(NULLABLE, min_size=1, max_size=4)),
        **dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), ORDERABLE),
        "$exists": st.booleans(),
        "$regex": st.sampled_from(PATTERNS),
        "$size": st.integers(0, 3) | st.fixed_dictionaries({"$gt": st.integers(0, 3)}),
        "$all": st.lists(inner, min_size=1, max_size=3),
        "$not": inner,
    }
    return st.fixed_dictionaries({}, optional=one).filter(bool)


VALUES = st.recursive(
    NULLABLE | st.lists(NULLABLE, min_size=1, max_size=3), operators, max_leaves=4
)


def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {}, optional={"$and": several, "$or": several, "$nor": several, "$not": inner}
    )


CONDITIONS = st.recursive(st.dictionaries(PATHS, VALUES, max_size=3), around, max_leaves=5)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["a", "b", "tags"]), SCALARS | st.lists(SCALARS, max_size=3)
)


@given(CONDITIONS, ATTRIBUTES)
@example({"a": True}, {"a": 1})
@example({"a": {"$in": [1, 0]}}, {"a": [True]})
@example({"a": {"$gt": "\uffee"}}, {"a": "😀"})
@example({"a": None}, {})
@example({"a": {"$ne": "x"}}, {})
@example({"tags": ["a", "b"]}, {"tags": ["a", "b"]})
@example({"tags": {"$all": [{"$gt": 1}, {"$lt": 1}]}}, {"tags": [0, 2]})
def test_it_is_met_by_whom_growthbook_says(
    condition: dict[str, Any], attributes: dict[str, Any]
) -> None:
    assert compiled(condition)(attributes) is evalCondition(attributes, condition)


@given(CONDITIONS, st.dictionaries(st.sampled_from(["a", "b", "tags"]), st.from_type(object)))
def test_no_value_of_an_attribute_raises(condition: dict[str, Any], odd: dict[str, Any]) -> None:
    assert compiled(condition)(odd) in (True, False)


@pytest.mark.parametrize(
    ("condition", "met", "unmet"),
    [
        ({}, {}, None),
        ({"country": "NL"}, {"country": "NL"}, {"country": "BE"}),
        ({"age": 30}, {"age": 30.0}, {"age": "30"}),
        ({"staff": True}, {"staff": True}, {"staff": 1}),
        ({"country": {"$in": ["NL", "BE"]}}, {"country": "BE"}, {"country": "DE"}),
        ({"tags": {"$in": ["new"]}}, {"tags": ["old", "new"]}, {"tags": ["old"]}),
        ({"country": {"$nin": ["NL"]}}, {}, {"country": "NL"}),
        ({"age": {"$gte": 18, "$lt": 65}}, {"age": 18}, {"age": 65}),
        ({"age": {"$gt": 18}}, {"age": 19}, {"age": "19"}),
        ({"version": {"$lt": "b"}}, {"version": "a"}, {"version": "b"}),
        ({"country": {"$exists": False}}, {}, {"country": ""}),
        ({"email": {"$regex": "@shop[.]nl$"}}, {"email": "a@shop.nl"}, {"email": "a@shop.nl.io"}),
        ({"email": {"$regex": "^"}}, {"email": ""}, {"email": ["a"]}),
        ({"name": {"$regex": "^(a+)+$"}}, {"name": "a" * 50_000}, {"name": "a" * 50_000 + "b"}),
        ({"name": {"$regex": "a"}}, {"name": "a\0"}, {"name": "a\ud83d"}),
        ({"tags": {"$size": 2}}, {"tags": ["a", "b"]}, {"tags": ["a"]}),
        ({"tags": {"$size": {"$gt": 1}}}, {"tags": ["a", "b"]}, {"tags": "ab"}),
        ({"tags": {"$all": ["a", "b"]}}, {"tags": ["b", "c", "a"]}, {"tags": ["a"]}),
        ({"tags.1": "b"}, {"tags": ["a", "b"]}, {"tags": ["b"]}),
        ({"home.city": "Delft"}, {"home": {"city": "Delft"}}, {"home.city": "Delft"}),
        ({"age": {"$not": {"$gt": 18}}}, {}, {"age": 19}),
        ({"$or": [{"a": 1}, {"b": 1}]}, {"b": 1}, {"a": 2}),
        ({"$nor": [{"a": 1}, {"b": 1}]}, {}, {"b": 1}),
        ({"$and": [{"a": 1}, {"$not": {"b": 1}}]}, {"a": 1}, {"a": 1, "b": 1}),
    ],
)
def test_who_meets_a_condition(
    condition: dict[str, Any], met: dict[str, Any], unmet: dict[str, Any] | None
) -> None:
    test = compiled(condition)

    assert test(met) is True
    assert unmet is None or test(unmet) is False
