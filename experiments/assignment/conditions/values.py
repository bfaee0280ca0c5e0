"""Tests of one attribute's value. A value of no JSON type meets no test, and raises nothing.

Values of different types never equal: 1 is not "1", and not true. An attribute that is missing is
null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from experiments.assignment.conditions.operands import Scalar

ValueTest: TypeAlias = "Callable[[Any], bool]"

ORDERS: dict[str, Callable[[Any, Any], bool]] = {"$gt": gt, "$gte": ge, "$lt": lt, "$lte": le}


def equals(wanted: Scalar) -> ValueTest:
    if wanted is None or isinstance(wanted, bool):
        return lambda value: value is wanted
    if isinstance(wanted, str):
        return lambda value: isinstance(value, str) and value == wanted
    return lambda value: _is_number(value) and value == wanted


def equals_list(wanted: list[Scalar]) -> ValueTest:
    """The same values in the same order."""
    tests = [equals(one) for one in wanted]
    return lambda value: (
        isinstance(value, list)
        and len(value) == len(tests)
        and all(test(one) for test, one in zip(tests, value, strict=True))
    )


def is_in(wanted: list[Scalar]) -> ValueTest:
    """Of a list, whether any of its values is."""
    holds = _holding(wanted)
    return lambda value: any(map(holds, value)) if isinstance(value, list) else holds(value)


def compares(operator: str, bound: str | float) -> ValueTest:
    """Numbers with numbers, and text with text, by its UTF-16 code units."""
    order = ORDERS[operator]
    if isinstance(bound, str):
        key = _utf_16(bound)
        return lambda value: isinstance(value, str) and order(_utf_16(value), key)
    return lambda value: _is_number(value) and order(value, bound)


def exists(wanted: bool) -> ValueTest:
    return lambda value: (value is not None) is wanted


def has_size(test: ValueTest) -> ValueTest:
    return lambda value: isinstance(value, list) and test(len(value))


def has_all(tests: list[ValueTest]) -> ValueTest:
    """Whether each test is met by some value of the list."""
    return lambda value: isinstance(value, list) and all(any(map(test, value)) for test in tests)


def negated(test: ValueTest) -> ValueTest:
    return lambda value: not test(value)


def _holding(wanted: Iterable[Scalar]) -> ValueTest:
    # Python's sets take true for 1, so the two are kept apart.
    known = {(isinstance(one, bool), one) for one in wanted}
    return lambda value: (
        isinstance(value, str | int | float | None) and (isinstance(value, bool), value) in known
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _utf_16(text: str) -> bytes:
    """Bytes in the order in which JavaScript has texts."""
    return text.encode("utf-16-be", "surrogatepass")
