"""The rules for bots and staff that hold: reading them, and changing them.

A change counts from the next analysis of an experiment on. Snapshots stay as they were computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from experiments.exceptions import Invalid
from experiments.metrics.exclusions import (
    DEFAULT,
    AttributeIs,
    EventsPerDay,
    Exclusion,
    Limit,
    SlatesPerDay,
    UserList,
    fingerprint,
)
from experiments.models import ExclusionRule
from people import trail
from people.actors import COMMAND, Actor

MOST_A_DAY = 1_000_000
MOST_RULES = 20
MOST_USERS = 10_000
LONGEST_NAME = 64
LONGEST_ID = 256
LONGEST_TOLD = 160
KIND = "rule"

Kind = ExclusionRule.Kind

_LIMITS: dict[type[Limit], tuple[str, str]] = {  # how their rows and their units are called
    SlatesPerDay: (Kind.SLATES_PER_DAY, "slates"),
    EventsPerDay: (Kind.EVENTS_PER_DAY, "events"),
}


def listed() -> list[tuple[ExclusionRule, Exclusion]]:
    """Lists and attributes with their rows, oldest first: those that can be removed."""
    limits = [kind for kind, _ in _LIMITS.values()]
    rows = ExclusionRule.objects.exclude(kind__in=limits).select_related("created_by")
    return [(row, _rule(row)) for row in rows]


def limits() -> tuple[Limit, ...]:
    """How much a day is a bot's: the limits as they were set, or else the defaults."""
    kinds = [kind for kind, _ in _LIMITS.values()]
    found = {type(r): r for r in map(_limit, ExclusionRule.objects.filter(kind__in=kinds))}
    return tuple(found.get(type(default), default) for default in DEFAULT)


def in_force() -> tuple[Exclusion, ...]:
    """Every rule: lists and attributes in the order made, then the limits of a day."""
    return (*(rule for _, rule in listed()), *limits())


def set_limit(rule: Limit, *, now: datetime, actor: Actor = COMMAND) -> None:
    """Put the limit in the place of the one of its kind. Raises Invalid."""
    kind, unit = _LIMITS[type(rule)]
    if not 1 <= rule.limit <= MOST_A_DAY:
        raise Invalid(f"Give a limit of 1 to {MOST_A_DAY:,} {unit} a day.", field="limit")
    with transaction.atomic():
        [before] = [known.limit for known in limits() if type(known) is type(rule)]
        ExclusionRule.objects.update_or_create(
            kind=kind, defaults={"rule": msgspec.to_builtins(rule), "created_by": actor.user}
        )
        trail.record(
            at=now,
            actor=actor,
            verb="set",
            kind=KIND,
            key=f"{unit} a day",
            before={"limit": before},
            after={"limit": rule.limit},
        )


def leave_out_users(
    name: str, users: Sequence[str], *, now: datetime, actor: Actor = COMMAND
) -> ExclusionRule:
    """Leave out users by id. Raises Invalid, naming the field."""
    name = _named(name, "name", longest=LONGEST_NAME)
    unique = tuple(dict.fromkeys(user.strip() for user in users if user.strip()))
    if not 1 <= len(unique) <= MOST_USERS:
        raise Invalid(f"Give 1 to {MOST_USERS:,} user ids, one on a line.", field="users")
    for user in unique:
        _named(user, "users", longest=LONGEST_ID)
    rule = UserList(name=name, users=unique)
    return _add(Kind.USERS, rule, now=now, actor=actor, field="name")


def leave_out_attribute(
    attribute: str, value: str, *, now: datetime, actor: Actor = COMMAND
) -> ExclusionRule:
    """Leave out users who were served with this attribute at this value. Raises Invalid."""
    rule = AttributeIs(
        attribute=_named(attribute, "attribute", longest=LONGEST_NAME),
        value=_named(value, "value", longest=LONGEST_ID),
    )
    return _add(Kind.ATTRIBUTE, rule, now=now, actor=actor, field="attribute")


def remove(row: ExclusionRule, *, now: datetime, actor: Actor = COMMAND) -> None:
    """Take the users back in, from the next analysis on."""
    with transaction.atomic():
        _record("remove", _rule(row), now=now, actor=actor, added=False)
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


def _add(kind: str, rule: Exclusion, *, now: datetime, actor: Actor, field: str) -> ExclusionRule:
    with transaction.atomic():
        known = [other for _, other in listed()]
        if any(other.words == rule.words for other in known):
            raise Invalid("There is such a rule already. Remove that one first.", field=field)
        if len(known) >= MOST_RULES:
            raise Invalid(f"There are {MOST_RULES} rules already. Remove one first.", field=field)
        _record("add", rule, now=now, actor=actor, added=True)
        return ExclusionRule.objects.create(
            kind=kind, rule=msgspec.to_builtins(rule), created_by=actor.user
        )


def _record(verb: str, rule: Exclusion, *, now: datetime, actor: Actor, added: bool) -> None:
    trail.record(
        at=now,
        actor=actor,
        verb=verb,
        kind=KIND,
        key=(rule.name if isinstance(rule, UserList) else rule.words)[:LONGEST_TOLD],
        before=None if added else _told(rule),
        after=_told(rule) if added else None,
    )


def _told(rule: Exclusion) -> dict[str, object]:
    """How many a list holds and not whom: the trail is kept for ever, and people may be erased."""
    said: dict[str, object] = {"leaves out": rule.words}
    return said | {"users": len(rule.users)} if isinstance(rule, UserList) else said


def _rule(row: ExclusionRule) -> Exclusion:
    rule: Exclusion = msgspec.convert(row.rule, Exclusion)
    return rule


def _limit(row: ExclusionRule) -> Limit:
    rule: Limit = msgspec.convert(row.rule, Limit)
    return rule


def _named(text: str, field: str, *, longest: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= longest:
        raise Invalid(f"Give 1 to {longest} characters.", field=field)
    if "\0" in text:
        raise Invalid("Leave out the NUL character (U+0000).", field=field)
    return text
