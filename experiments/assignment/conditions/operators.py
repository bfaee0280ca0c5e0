"""From what a condition says of one attribute to a test of its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.assignment.conditions import operands, patterns, values
from experiments.assignment.conditions.together import all_of
from experiments.assignment.conditions.values import ValueTest
from experiments.assignment.conditions.where import Where, listed, short

AROUND = ("$and", "$or", "$nor", "$not")
"""Operators that stand around whole conditions."""


def value_test(said: Any, where: Where) -> ValueTest:
    """The test that operators or a plain value stand for. Raises Invalid."""
    where = where.deeper()
    if isinstance(said, list):
        return values.equals_list(operands.scalars(said, where))
    if isinstance(said, dict):
        return _operators_test(said, where)
    return values.equals(operands.scalar(said, where))


def _operators_test(said: dict[str, Any], where: Where) -> ValueTest:
    if not said:
        raise where.refused(f"Give a value, or an operator: {listed(ON_VALUES)}.")
    return all_of(
        [
            _operator_test(name, operand, where.step(name))
            for name, operand in operands.fields(said, where)
        ]
    )


def _operator_test(name: str, operand: Any, where: Where) -> ValueTest:
    make = ON_VALUES.get(name)
    if make is not None:
        return make(operand, where)
    if name in AROUND:
        raise where.refused(f"{name} stands around whole conditions, not on one attribute.")
    if name.startswith("$"):
        raise where.refused(
            f"There is no operator {short(name)}. Allowed here: {listed(ON_VALUES)}."
        )
    raise where.refused(
        f"An attribute is no object; write a path such as a.{short(name)}, or an operator: "
        f"{listed(ON_VALUES)}."
    )


def _in(operand: Any, where: Where) -> ValueTest:
    return values.is_in(operands.scalars(operand, where))


def _comparison(name: str) -> Callable[[Any, Where], ValueTest]:
    return lambda operand, where: values.compares(name, operands.orderable(operand, where))


def _size(operand: Any, where: Where) -> ValueTest:
    if isinstance(operand, dict):
        return values.has_size(value_test(operand, where))
    if isinstance(operand, bool) or not isinstance(operand, int) or operand < 0:
        raise where.refused("Give a whole number of 0 or more, or an operator such as $gte.")
    return values.has_size(values.equals(operand))


def _all(operand: Any, where: Where) -> ValueTest:
    wanted = operands.values(operand, where)
    return values.has_all([value_test(one, where.step(place)) for place, one in enumerate(wanted)])


ON_VALUES: dict[str, Callable[[Any, Where], ValueTest]] = {
    "$eq": lambda operand, where: values.equals(operands.scalar(operand, where)),
    "$ne": lambda operand, where: values.negated(values.equals(operands.scalar(operand, where))),
    "$in": _in,
    "$nin": lambda operand, where: values.negated(_in(operand, where)),
    **{name: _comparison(name) for name in values.ORDERS},
    "$exists": lambda operand, where: values.exists(operands.boolean(operand, where)),
    "$regex": patterns.found,
    "$size": _size,
    "$all": _all,
    "$not": lambda operand, where: values.negated(value_test(operand, where)),
}
"""Operators on the value of an attribute."""
