"""Several tests as one, by loops: `all` and `any` take half as long again at a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def all_of(tests: Sequence[Callable[[T], bool]]) -> Callable[[T], bool]:
    """Whether all tests are met."""
    if len(tests) == 1:
        return tests[0]

    def test(value: T) -> bool:
        for one in tests:  # noqa: SIM110
            if not one(value):
                return False
        return True

    return test


def any_of(tests: Sequence[Callable[[T], bool]]) -> Callable[[T], bool]:
    """Whether one test at least is met."""
    if len(tests) == 1:
        return tests[0]

    def test(value: T) -> bool:
        for one in tests:  # noqa: SIM110
            if one(value):
                return True
        return False

    return test
