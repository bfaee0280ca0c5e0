"""What the clock does to experiments."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from django.db import connection
from msgspec.structs import replace

from experiments import moves
from experiments.checks import VariantSpec
from experiments.metrics.results import Scorecard
from experiments.models import Experiment, Snapshot
from experiments.ramps import Ramp, Step, ramp_of
from people.models import AuditEntry
from pipelines import schedules
from recommenders.models import Recommender
from serving import plans
from serving.lifecycle import routed
from serving.models import PublishedPlan
from tests.acting import TESTER, create_experiment, start_experiment
from tests.dashboard.factories import ratio_check, scorecard
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)
SOON = NOW + timedelta(minutes=1)
RAMP = Ramp(steps=(Step(share=Decimal("0.1")), Step(share=Decimal("0.6"))))


@pytest.fixture
def climbing(tmp_path: Path) -> Experiment:
    draft = home_experiment(tmp_path / "models")
    draft.ramp = msgspec.to_builtins(RAMP)
    draft.save()
    return start_experiment(draft, now=NOW)


def look(experiment: Experiment, card: Scorecard) -> None:
    Snapshot.objects.create(
        experiment=experiment,
        phase=1,
        as_of=SOON,
        settings={},
        scorecard=msgspec.to_builtins(replace(card, as_of=SOON)),
        log_versions={},
        log_until=SOON,
        code_version="test",
    )


def planned() -> list[tuple[str, int]]:
    """The experiments of the plan, and how many buckets each has."""
    return [
        (e.key, sum(high - low for low, high in e.gates[0].slots))
        for e in plans.current().experiments
    ]


def test_a_ramp_that_goes_on_reaches_the_plan(climbing: Experiment) -> None:
    look(climbing, scorecard())
    assert planned() == [("home-ctr", 1000)]

    schedules.keep(now=SOON)

    assert planned() == [("home-ctr", 6000)]


def test_a_ramp_that_takes_it_back_ends_it_for_the_next_request(climbing: Experiment) -> None:
    look(climbing, scorecard(health=(ratio_check(healthy=False),)))

    schedules.keep(now=SOON)

    assert planned() == []


def test_a_ramp_that_holds_leaves_the_plan_alone(climbing: Experiment) -> None:
    published = PublishedPlan.objects.count()

    schedules.keep(now=SOON)
    schedules.keep(now=SOON)

    assert PublishedPlan.objects.count() == published
    assert AuditEntry.objects.filter(by="ramp").count() == 1


def another(experiment: Experiment) -> Experiment:
    """A second one that is under way like the first, and comes after it."""
    second = Experiment.objects.get(pk=experiment.pk)
    second.pk, second.key, second.name = None, "second", "Second"
    second.save()
    for variant in experiment.variants.all():
        variant.pk, variant.experiment = None, second
        variant.save()
    for phase in experiment.phases.all():
        phase.pk, phase.experiment = None, second
        phase.save()
    return second


def test_a_ramp_that_fails_keeps_no_other_from_its_turn(
    climbing: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    second = another(climbing)
    look(second, scorecard())
    look(climbing, scorecard())
    climbing.snapshots.update(scorecard={"of": "another version"})

    schedules.keep(now=SOON)

    second.refresh_from_db()
    assert second.traffic == Decimal("0.6")
    assert "home-ctr: climb failed; it is tried again." in caplog.text


def test_what_one_worker_did_is_not_done_again_by_another(climbing: Experiment) -> None:
    look(climbing, scorecard())
    same = Experiment.objects.get(pk=climbing.pk)

    schedules.climb(climbing, SOON)
    schedules.climb(same, SOON)

    same.refresh_from_db()
    ramp = ramp_of(same)
    assert ramp is not None
    assert (ramp.state, ramp.at) == ("climbing", 1)


@pytest.fixture
def draft(tmp_path: Path) -> Experiment:
    """Set to start at NOW and to end a day later."""
    draft = home_experiment(tmp_path / "models", traffic="0.7")
    Experiment.objects.filter(pk=draft.pk).update(starts_at=NOW, ends_at=NOW + DAY)
    draft.refresh_from_db()
    return draft


def test_what_is_due_starts_and_stops_by_itself(draft: Experiment) -> None:
    schedules.keep(now=NOW - timedelta(seconds=1))
    assert planned() == []

    schedules.keep(now=NOW)
    schedules.keep(now=NOW + timedelta(seconds=15))

    draft.refresh_from_db()
    assert (draft.status, draft.started_at, draft.starts_at) == ("running", NOW, None)
    assert planned() == [("home-ctr", 7000)]

    schedules.keep(now=NOW + DAY)
    schedules.keep(now=NOW + DAY + timedelta(seconds=15))

    draft.refresh_from_db()
    assert (draft.status, draft.stopped_at, draft.ends_at) == ("stopped", NOW + DAY, None)
    assert planned() == []
    entries = AuditEntry.objects.filter(by="schedule").order_by("id")
    assert [(entry.verb, entry.why) for entry in entries] == [
        ("start", "Its start was set for 2026-11-24 12:00 UTC."),
        ("stop", "Its end was set for 2026-11-25 12:00 UTC."),
    ]


def test_what_ends_makes_room_for_what_starts_at_the_same_time(draft: Experiment) -> None:
    schedules.keep(now=NOW)
    follower = create_experiment(
        name="Next",
        placement=draft.placement,
        variants=[
            VariantSpec(recommender=variant.recommender, weight=variant.weight)
            for variant in draft.variants.all()
        ],
        measurement=draft.measured,
        starts_at=NOW + DAY,
    )

    schedules.keep(now=NOW + DAY)

    assert planned() == [(follower.key, 10_000)]


def test_a_start_that_the_checklist_refuses_is_taken_back_and_said(draft: Experiment) -> None:
    Recommender.objects.filter(key="item-knn").update(live=None)
    published = PublishedPlan.objects.count()

    schedules.keep(now=NOW)
    schedules.keep(now=NOW + timedelta(seconds=15))

    draft.refresh_from_db()
    assert (draft.status, draft.starts_at, draft.ends_at) == ("draft", None, NOW + DAY)
    entry = AuditEntry.objects.get(by="schedule")
    assert (entry.verb, entry.why) == (
        "miss start",
        "It was to start at 2026-11-24 12:00 UTC and could not. item-knn has no trained model yet: "
        "train it first.",
    )
    assert PublishedPlan.objects.count() == published


def test_a_paused_experiment_ends_when_it_was_to(draft: Experiment) -> None:
    schedules.keep(now=NOW)
    routed(moves.pause, draft, now=NOW, actor=TESTER)

    schedules.keep(now=NOW + DAY)

    draft.refresh_from_db()
    assert draft.status == "stopped"


def test_workers_that_race_start_it_once(draft: Experiment) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("The tests' SQLite lives in memory, where nobody waits for another's write.")
    with ThreadPoolExecutor(4) as workers:
        told = list(workers.map(lambda _: _alone(draft), range(4)))

    assert sorted(map(str, told)) == ["None", "None", "None", "started"]
    draft.refresh_from_db()
    assert draft.status == "running"
    assert AuditEntry.objects.filter(by="schedule").count() == 1


def _alone(draft: Experiment) -> object:
    try:
        return schedules.start(draft, NOW)
    finally:
        connection.close()
