"""Setting a start and an end for a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from experiments import moves
from experiments.exceptions import ExperimentError, NotAllowed
from experiments.models import Experiment
from people.actors import Actor
from people.models import AuditEntry

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(days=1)
ADA = Actor("ada")


def test_a_draft_gets_a_start_and_an_end(draft: Experiment) -> None:
    set_ = moves.reschedule(
        draft, starts_at=SOON, ends_at=LATER, now=NOW, actor=ADA, why="After the sale."
    )

    assert (set_.starts_at, set_.ends_at) == (SOON, LATER)
    entry = AuditEntry.objects.get(verb="reschedule")
    assert entry.why == "After the sale."
    assert entry.after is not None
    assert entry.after["starts_at"] == "2026-11-24T13:00:00+00:00"
    cleared = moves.reschedule(draft, starts_at=None, ends_at=None, now=NOW, actor=ADA)
    assert (cleared.starts_at, cleared.ends_at) == (None, None)


def test_an_experiment_under_way_gets_an_end(draft: Experiment) -> None:
    moves.start(draft, now=NOW, actor=ADA)
    assert moves.reschedule(draft, starts_at=None, ends_at=LATER, now=NOW, actor=ADA).ends_at

    moves.pause(draft, now=NOW, actor=ADA)

    assert moves.reschedule(draft, starts_at=None, ends_at=SOON, now=NOW, actor=ADA).ends_at == SOON


@pytest.mark.parametrize(
    ("started", "times", "field", "message"),
    [
        (False, {"starts_at": NOW}, "starts_at", "Give a start that is still to come"),
        (False, {"ends_at": NOW}, "ends_at", "Give an end that is still to come, after the start."),
        (False, {"starts_at": LATER, "ends_at": SOON}, "ends_at", "Give an end that is still to"),
        (True, {"starts_at": SOON}, "starts_at", "It has started: only its end can be set."),
        (True, {"ends_at": NOW}, "ends_at", "Give an end that is still to come"),
    ],
)
def test_times_that_cannot_be_kept_are_refused(
    draft: Experiment, started: bool, times: dict[str, Any], field: str, message: str
) -> None:
    if started:
        moves.start(draft, now=NOW, actor=ADA)
    given = {"starts_at": None, "ends_at": None, **times}

    with pytest.raises(ExperimentError) as refused:
        moves.reschedule(draft, **given, now=NOW, actor=ADA)

    assert refused.value.field == field
    assert refused.value.message.startswith(message)
    draft.refresh_from_db()
    assert (draft.starts_at, draft.ends_at) == (None, None)


def test_what_has_ended_has_no_schedule(draft: Experiment) -> None:
    moves.start(draft, now=NOW, actor=ADA)
    moves.stop(draft, now=NOW, actor=ADA)

    with pytest.raises(NotAllowed, match="A stopped experiment has ended: nothing"):
        moves.reschedule(draft, starts_at=None, ends_at=LATER, now=NOW, actor=ADA)


def test_a_start_by_hand_forgets_the_one_that_was_set(draft: Experiment) -> None:
    moves.reschedule(draft, starts_at=SOON, ends_at=LATER, now=NOW, actor=ADA)

    started = moves.start(draft, now=NOW, actor=ADA)

    assert (started.starts_at, started.ends_at) == (None, LATER)
    assert moves.start_due(started, now=SOON) is None
