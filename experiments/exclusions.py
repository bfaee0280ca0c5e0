"""The rules for bots and staff that hold: reading them, and changing them.

A change counts from the next analysis of an experiment on. Snapshots stay as they were computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from django.db import transaction

from experiments.exceptions import Invalid
from experiments.metrics.exclusions import (
    DEFAULT,
    AttributeIs,
    Exclusion,
    SlatesPerDay,
    UserList,
    fingerprint,
)
from experiments.models import ExclusionRule

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_SLATES = 1_000_000
MOST_RULES = 20
MOST_USERS = 10_000
LONGEST_NAME = 64
LONGEST_ID = 256

Kind = ExclusionRule.Kind


def listed() -> list[tuple[ExclusionRule, Exclusion]]:
    """Lists and attributes with their rows, oldest first: those that can be removed."""
    rows = ExclusionRule.objects.exclude(kind=Kind.SLATES_PER_DAY).select_related("created_by")
    return [(row, _rule(row)) for row in rows]


def slates_limit() -> int:
    """More slates a day than this are a bot's."""
    row = ExclusionRule.objects.filter(kind=Kind.SLATES_PER_DAY).first()
    rule = _rule(row) if row else DEFAULT[0]
    assert isinstance(rule, SlatesPerDay)  # noqa: S101  (the row's kind says so)
    return rule.limit


def in_force() -> tuple[Exclusion, ...]:
    """Every rule: lists and attributes in the order made, then the limit of slates a day."""
    return (*(rule for _, rule in listed()), SlatesPerDay(limit=slates_limit()))


def limit_slates(limit: int, *, actor: User | None = None) -> None:
    """Set the limit of slates a day. Raises Invalid."""
    if not 1 <= limit <= MOST_SLATES:
        raise Invalid(f"Give a limit of 1 to {MOST_SLATES:,} slates a day.", field="limit")
    rule = msgspec.to_builtins(SlatesPerDay(limit=limit))
    ExclusionRule.objects.update_or_create(
        kind=Kind.SLATES_PER_DAY, defaults={"rule": rule, "created_by": actor}
    )


def leave_out_users(name: str, users: Sequence[str], *, actor: User | None = None) -> ExclusionRule:
    """Leave out users by id. Raises Invalid, naming the field."""
    name = _named(name, "name", longest=LONGEST_NAME)
    unique = tuple(dict.fromkeys(user.strip() for user in users if user.strip()))
    if not 1 <= len(unique) <= MOST_USERS:
        raise Invalid(f"Give 1 to {MOST_USERS:,} user ids, one on a line.", field="users")
    for user in unique:
        _named(user, "users", longest=LONGEST_ID)
    return _add(Kind.USERS, UserList(name=name, users=unique), actor, field="name")


def leave_out_attribute(attribute: str, value: str, *, actor: User | None = None) -> ExclusionRule:
    """Leave out users who were served with this attribute at this value. Raises Invalid."""
    rule = AttributeIs(
        attribute=_named(attribute, "attribute", longest=LONGEST_NAME),
        value=_named(value, "value", longest=LONGEST_ID),
    )
    return _add(Kind.ATTRIBUTE, rule, actor, field="attribute")


def remove(row: ExclusionRule) -> None:
    """Take the users back in, from the next analysis on."""
    row.delete()


def lists_with(user: str) -> list[str]:
    """The names of the lists that hold the user id."""
    return [rule.name for _, rule in _lists_with(user)]


def forget(user: str) -> None:
    """Take an erased user off every list. The lists stay, and so do all tests that go by them."""
    with transaction.atomic():
        for row, rule in _lists_with(user):
            users = tuple(other for other in rule.users if other != user)
            kept = msgspec.structs.replace(rule, users=users, made_as=fingerprint(rule))
            row.rule = msgspec.to_builtins(kept)
            row.save(update_fields=["rule"])


def _lists_with(user: str) -> list[tuple[ExclusionRule, UserList]]:
    rules = ((row, _rule(row)) for row in ExclusionRule.objects.filter(kind=Kind.USERS))
    return [(row, rule) for row, rule in rules if isinstance(rule, UserList) and user in rule.users]


def _add(kind: str, rule: Exclusion, actor: User | None, *, field: str) -> ExclusionRule:
    with transaction.atomic():
        known = [other for _, other in listed()]
        if any(other.words == rule.words for other in known):
            raise Invalid("There is such a rule already. Remove that one first.", field=field)
        if len(known) >= MOST_RULES:
            raise Invalid(f"There are {MOST_RULES} rules already. Remove one first.", field=field)
        return ExclusionRule.objects.create(
            kind=kind, rule=msgspec.to_builtins(rule), created_by=actor
        )


def _rule(row: ExclusionRule) -> Exclusion:
    return msgspec.convert(row.rule, Exclusion)  # type: ignore[no-any-return]


def _named(text: str, field: str, *, longest: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= longest:
        raise Invalid(f"Give 1 to {longest} characters.", field=field)
    if "\0" in text:
        raise Invalid("Leave out the NUL character (U+0000).", field=field)
    return text
