"""What the clock does to experiments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from experiments.metrics.results import Scorecard
from experiments.models import Experiment, Snapshot
from experiments.ramps import Ramp, Step, ramp_of
from people.models import AuditEntry
from pipelines import schedules
from serving import plans
from serving.models import PublishedPlan
from tests.acting import start_experiment
from tests.dashboard.factories import ratio_check, scorecard
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)

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
    assert "The ramp of home-ctr failed; it is tried again." in caplog.text


def test_what_one_worker_did_is_not_done_again_by_another(climbing: Experiment) -> None:
    look(climbing, scorecard())
    same = Experiment.objects.get(pk=climbing.pk)

    schedules.climb(climbing, now=SOON)
    schedules.climb(same, now=SOON)

    same.refresh_from_db()
    ramp = ramp_of(same)
    assert ramp is not None
    assert (ramp.state, ramp.at) == ("climbing", 1)
