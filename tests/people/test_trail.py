"""The audit trail tells of everything, is only added to, and outlives the accounts it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from people import trail
from people.actors import COMMAND, RAMP, SCHEDULE, Actor
from people.models import AuditEntry

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def start(actor: Actor, key: str = "ranking", at: datetime = NOW) -> AuditEntry:
    return trail.record(
        at=at,
        actor=actor,
        verb="start",
        kind="experiment",
        key=key,
        before={"status": "draft"},
        after={"status": "running", "traffic": Decimal("0.1"), "started_at": NOW},
        why="The checklist is complete.",
    )


def test_an_entry_says_who_did_what_to_what_and_why(maya: User) -> None:
    start(Actor.of(maya))

    entry = trail.entries().get()
    assert (entry.at, entry.actor, entry.by) == (NOW, maya, "maya")
    assert (entry.verb, entry.kind, entry.key) == ("start", "experiment", "ranking")
    assert entry.before == {"status": "draft"}
    assert entry.after == {
        "status": "running",
        "traffic": "0.1",
        "started_at": "2026-03-02T12:00:00Z",
    }
    assert entry.why == "The checklist is complete."


@pytest.mark.parametrize(
    ("actor", "by"),
    [
        (SCHEDULE, "schedule"),
        (RAMP, "ramp"),
        (COMMAND, "command"),
        (Actor.key("storefront"), "key storefront"),
    ],
)
def test_who_is_not_a_person_is_told_by_name(db: None, actor: Actor, by: str) -> None:
    entry = start(actor)
    assert (entry.by, entry.actor) == (by, None)


def test_the_trail_is_read_newest_first_of_one_kind_thing_or_actor(maya: User) -> None:
    first = start(Actor.of(maya))
    second = start(RAMP, at=NOW + timedelta(hours=1))
    other = start(RAMP, key="cart", at=NOW + timedelta(hours=2))
    role = trail.record(at=NOW, actor=RAMP, verb="set role", kind="person", key="ranking")

    assert list(trail.entries()) == [other, second, role, first]
    assert list(trail.entries(kind="experiment", key="ranking")) == [second, first]
    assert list(trail.entries(by="ramp")) == [other, second, role]
    assert list(trail.entries(kind="person", by="maya")) == []


def test_an_entry_goes_with_the_write_that_it_tells_of(maya: User) -> None:
    def start_and_fail() -> None:
        with transaction.atomic():
            start(Actor.of(maya))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        start_and_fail()
    assert not trail.entries().exists()


def test_entries_are_never_changed_or_removed(maya: User) -> None:
    entry = start(Actor.of(maya))
    entry.by = "somebody else"

    for attempt in (
        entry.save,
        entry.delete,
        trail.entries().delete,
        lambda: trail.entries().update(by="x"),
        lambda: AuditEntry.objects.bulk_update([entry], ["by"]),
    ):
        with pytest.raises(TypeError, match="The audit trail is not"):
            attempt()

    assert trail.entries().get().by == "maya"


def test_the_name_stays_when_the_account_goes(maya: User) -> None:
    start(Actor.of(maya))
    maya.delete()

    entry = trail.entries().get()
    assert (entry.by, entry.actor) == ("maya", None)
