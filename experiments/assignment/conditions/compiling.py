"""Conditions, checked and compiled in one pass: what is compiled is what was checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from experiments.assignment.conditions import operands
from experiments.assignment.conditions.operators import AROUND, ON_VALUES, value_test
from experiments.assignment.conditions.paths import reader
from experiments.assignment.conditions.together import all_of, any_of
from experiments.assignment.conditions.where import Where, listed, short

Test: TypeAlias = "Callable[[Mapping[str, Any]], bool]"

OPERATORS = tuple(dict.fromkeys((*AROUND, *ON_VALUES)))
LONGEST = 65_536  # characters of JSON
LONGEST_PATH = 256


def check(condition: object) -> None:
    """Raises Invalid where the condition could not be routed by: `field` is the path of what is
    wrong, such as `condition/$or/0/country/$foo`, and the message what is allowed there.
    """
    compiled(condition)


def compiled(condition: object) -> Test:
    """Whether attributes meet the condition. Raises Invalid as `check` does; the test itself never
    raises.
    """
    where = Where()
    test = _condition(condition, where)
    if len(json.dumps(condition, ensure_ascii=False)) > LONGEST:
        raise where.refused(f"A condition has at most {LONGEST} characters of JSON.")
    return test


def _condition(said: object, where: Where) -> Test:
    if not isinstance(said, dict):
        raise where.refused('Give an object of attributes, such as {"country": "NL"}.')
    inside = where.deeper()
    return all_of(
        [_part(name, value, inside.step(name)) for name, value in operands.fields(said, where)]
    )


def _part(name: str, value: Any, where: Where) -> Test:
    match name:
        case "$and":
            return all_of(_conditions(value, where))
        case "$or":
            return any_of(_conditions(value, where))
        case "$nor":
            return _not(any_of(_conditions(value, where)))
        case "$not":
            return _not(_condition(value, where))
    return _attribute(name, value, where)


def _attribute(path: str, value: Any, where: Where) -> Test:
    if path in ON_VALUES:
        raise where.refused(f'{path} stands on an attribute: {{"country": {{"{path}": …}}}}.')
    if path.startswith("$"):
        raise where.refused(
            f"There is no operator {short(path)}. "
            f"Allowed here: {listed(AROUND)}, or the name of an attribute."
        )
    if not 1 <= len(path) <= LONGEST_PATH:
        raise where.refused(f"Give an attribute's name of 1 to {LONGEST_PATH} characters.")
    path, test = operands.text(path, where), value_test(value, where)
    if "." not in path:
        return lambda attributes: test(attributes.get(path))
    read = reader(path)
    return lambda attributes: test(read(attributes))


def _conditions(value: object, where: Where) -> list[Test]:
    return [
        _condition(one, where.step(place))
        for place, one in enumerate(operands.values(value, where))
    ]


def _not(test: Test) -> Test:
    return lambda attributes: not test(attributes)
