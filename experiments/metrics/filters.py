"""Which events a measure counts: conditions as data, never as text that an engine would run.

A property is compared as the log holds it, as JSON: `3` is a number and `"3"` a text, and they are
not equal. An event without the property, item or value fulfils no condition but `exists` refused.
"""

from typing import Literal

import ibis
import msgspec
from ibis.expr.types import BooleanValue, Table, Value

from experiments.metrics.exceptions import InvalidMetric

PROPERTY = "properties."
LARGEST = 2**53
Scalar = str | bool | int | float
Order = Literal["<", "<=", ">", ">="]
ORDERS = {"<": "below", "<=": "at most", ">": "above", ">=": "at least"}


class _On(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`field` is `item`, `value`, or `properties.` and a name."""

    field: str

    def __post_init__(self) -> None:
        named = self.field.startswith(PROPERTY) and len(self.field) > len(PROPERTY)
        if self.field not in ("item", "value") and not named:
            raise InvalidMetric("field", f"must be item, value or {PROPERTY}NAME")

    @property
    def named(self) -> str:
        """The field within a sentence."""
        return self.field.removeprefix(PROPERTY)


class Equals(_On, frozen=True, kw_only=True, tag="equals"):
    """The field is this."""

    to: Scalar

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_comparable(self.field, (self.to,), "to")

    @property
    def words(self) -> str:
        return f"{self.named} is {_written(self.to)}"


class OneOf(_On, frozen=True, kw_only=True, tag="one_of"):
    """The field is one of these."""

    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.values:
            raise InvalidMetric("values", "needs at least one value")
        _require_comparable(self.field, self.values, "values")

    @property
    def words(self) -> str:
        return f"{self.named} is {' or '.join(map(_written, self.values))}"


class Compare(_On, frozen=True, kw_only=True, tag="compare"):
    """The field is a number in this order to `to`."""

    order: Order
    to: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.field == "item":
            raise InvalidMetric("field", "an item has no order: compare value or a property")
        _require_comparable(self.field, (self.to,), "to")

    @property
    def words(self) -> str:
        return f"{self.named} is {ORDERS[self.order]} {_written(self.to)}"


class Exists(_On, frozen=True, kw_only=True, tag="exists"):
    """The event has the field, or with `present` false has it not."""

    present: bool = True

    @property
    def words(self) -> str:
        return f"{self.named} is {'' if self.present else 'not '}there"


Condition = Equals | OneOf | Compare | Exists


def fulfilled(events: Table, condition: Condition) -> BooleanValue:
    """Whether each event fulfils the condition: true or false, never null."""
    given = _given(events, condition.field)
    match condition:
        case Equals(to=to):
            return _equal(given, condition.field, to)
        case OneOf(values=values):
            return ibis.or_(*(_equal(given, condition.field, one) for one in values))
        case Compare(order=order, to=to):
            return _known(_ordered(_number(given, condition.field), order, to))
        case Exists(present=present):
            return given.notnull() if present else given.isnull()


def columns_of(conditions: tuple[Condition, ...]) -> set[str]:
    """The columns of the events that the conditions read."""
    return {condition.field.split(".")[0] for condition in conditions}


def _given(events: Table, field: str) -> Value:
    if not field.startswith(PROPERTY):
        return events[field]
    return events["properties"].get(field.removeprefix(PROPERTY))


def _number(given: Value, field: str) -> Value:
    return known_number(given.try_cast("float64")) if field.startswith(PROPERTY) else given


def known_number(number: Value) -> Value:
    """Null for NaN, which DuckDB takes for the largest of all numbers."""
    return number.isnan().ifelse(None, number)


def _equal(given: Value, field: str, to: Scalar) -> BooleanValue:
    if field.startswith(PROPERTY) and isinstance(to, str | bool):
        return _known(given == msgspec.json.encode(to).decode())
    return _known(_number(given, field) == to)


def _ordered(number: Value, order: Order, to: float) -> BooleanValue:
    match order:
        case "<":
            return number < to
        case "<=":
            return number <= to
        case ">":
            return number > to
        case ">=":
            return number >= to


def _known(found: BooleanValue) -> BooleanValue:
    return found.fill_null(False)


def _written(value: Scalar) -> str:
    """As JSON, which keeps `3` and `"3"` apart; a whole number without its point."""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return msgspec.json.encode(value).decode()


def _require_comparable(field: str, values: tuple[Scalar, ...], name: str) -> None:
    if field == "item" and not all(isinstance(value, str) for value in values):
        raise InvalidMetric(name, "must be text: an item is compared with")
    if field == "value" and any(isinstance(value, str | bool) for value in values):
        raise InvalidMetric(name, "must be a number: a value is compared with")
    if not all(abs(value) <= LARGEST for value in values if isinstance(value, int | float)):
        raise InvalidMetric(name, "must be a number of at most 2^53, as JSON has them")
