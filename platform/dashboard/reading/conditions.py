"""A condition on attributes in words (docs/reference/conditions.md has its language). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LISTED = 12
"""Of a longer list the rest is counted."""

COMPARED = {
    "$eq": gettext_lazy("is %s"),
    "$ne": gettext_lazy("is not %s"),
    "$gt": gettext_lazy("is above %s"),
    "$gte": gettext_lazy("is at least %s"),
    "$lt": gettext_lazy("is below %s"),
    "$lte": gettext_lazy("is at most %s"),
    "$regex": gettext_lazy("matches the pattern %s"),
}


def condition_words(condition: Mapping[str, Any]) -> str:
    """`country is “NL” or “BE”, and age is at least 18`. Expects one that was checked when it was
    saved.
    """
    if not condition:
        return _("any attributes")
    return _and([_entry(name, value) for name, value in condition.items()])


def _entry(name: str, value: Any) -> str:
    match name:
        case "$and":
            return _and([_inside(each) for each in value])
        case "$or":
            return _(" or ").join(_inside(each) for each in value)
        case "$nor":
            return _("none of these: %s") % "; ".join(_inside(each) for each in value)
        case "$not":
            return _("not (%s)") % condition_words(value)
        case _:
            return f"{name} {_test(value)}"


def _inside(condition: Mapping[str, Any]) -> str:
    """In brackets where it would run into its neighbours."""
    said = condition_words(condition)
    several = len(condition) > 1 or set(condition) & {"$and", "$or", "$nor"}
    return f"({said})" if several else said


def _test(value: Any) -> str:
    if not _has_operators(value):
        return _("is %s") % _written(value)
    return _(" and ").join(_operator(name, operand) for name, operand in value.items())


def _operator(name: str, operand: Any) -> str:
    match name:
        case "$in":
            return _("is %s") % _one_of(operand)
        case "$nin":
            return _("is not %s") % _one_of(operand)
        case "$exists":
            return _("is there") if operand else _("is not there")
        case "$size":
            size = _test(operand) if _has_operators(operand) else _("is %s") % operand
            return _("has a number of entries that %s") % size
        case "$all":
            each = "; ".join(_test(one) for one in operand)
            return _("has for each of these an entry that fits: %s") % each
        case "$not":
            return _("does not meet: %s") % _test(operand)
        case _ if name in COMPARED:
            return COMPARED[name] % _written(operand)
        case _:
            return json.dumps({name: operand}, ensure_ascii=False)


def _has_operators(value: Any) -> bool:
    return isinstance(value, Mapping) and any(name.startswith("$") for name in value)


def _one_of(values: Sequence[Any]) -> str:
    said = [_written(value) for value in values[:LISTED]]
    if len(values) > LISTED:
        said.append(_("%(count)s others") % {"count": f"{len(values) - LISTED:,}"})
    return said[0] if len(said) == 1 else _(" or ").join((", ".join(said[:-1]), said[-1]))


def _written(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _and(parts: Sequence[str]) -> str:
    return _(", and ").join(parts)
