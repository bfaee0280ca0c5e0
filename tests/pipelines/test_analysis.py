from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from events import runtime
from events.drain import Drain
from events.ingest import accept
from experiments import selectors
from experiments.models import Experiment, Snapshot
from pipelines import analysis, pulse
from serving.lifecycle import start_experiment, stop_experiment
from serving.routing import RouteRequest, route
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def running(tmp_path: Path) -> Experiment:
    return start_experiment(home_experiment(tmp_path / "models"), now=NOW)


def visit(users: int, *, at: datetime = NOW) -> None:
    """Each user is served two items and clicks the first."""
    for n in range(users):
        slate = route(RouteRequest(user=f"u{n}", placement="home", k=2), now=at)
        click = {
            "id": f"{slate.request_id}-1",
            "type": "click",
            "user": slate.user,
            "item": slate.items[0].item,
            "request_id": slate.request_id,
            "at": at.isoformat(),
        }
        accept(
            [click],
            now=at,
            journal=runtime.events_journal(),
            recent=runtime.recent(),
            history=runtime.history(),
        )
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()


def test_a_snapshot_holds_the_scorecard_and_what_produced_it(running: Experiment) -> None:
    visit(40)

    [snapshot] = analysis.analyse_due(now=LATER)

    card = selectors.scorecard_of(Snapshot.objects.get())
    assert snapshot.log_versions == {"events": 1, "exposures": 1}
    assert (snapshot.phase, snapshot.as_of, snapshot.code_version) == (1, LATER, "0.1.0")
    assert sum(arm.users for arm in card.arms) == 40
    assert sum(arm.impressions for arm in card.arms) == 80
    assert sum(arm.clicks for arm in card.arms) == 40
    assert card.decision.state == "collecting"


def test_an_experiment_is_looked_at_again_only_when_it_is_due(running: Experiment) -> None:
    visit(1)
    analysis.analyse_due(now=LATER)

    assert analysis.analyse_due(now=LATER + timedelta(seconds=5)) == []
    assert len(analysis.analyse_due(now=LATER + timedelta(seconds=5), force=True)) == 1
    assert len(analysis.analyse_due(now=LATER + timedelta(minutes=10))) == 1


def test_a_stopped_experiment_is_looked_at_once_more(running: Experiment) -> None:
    analysis.analyse_due(now=LATER)
    stop_experiment(running, now=LATER + timedelta(seconds=30))

    much_later = LATER + timedelta(days=1)

    assert [s.as_of for s in analysis.analyse_due(now=much_later)] == [
        LATER + timedelta(seconds=30)
    ]
    assert analysis.analyse_due(now=much_later) == []


def test_the_last_look_waits_for_what_is_still_in_the_journals(running: Experiment) -> None:
    visit(10)
    for n in range(10, 30):
        route(RouteRequest(user=f"u{n}", placement="home", k=2), now=NOW)
    stop_experiment(running, now=NOW + timedelta(seconds=30))
    after = NOW + timedelta(minutes=2)

    [behind] = analysis.analyse_due(now=after)
    assert sum(arm.users for arm in selectors.scorecard_of(behind).arms) == 10
    with Drain(settings.JOURNAL_DIR, settings.LOG_DIR) as drain:
        drain.once()

    [whole] = analysis.analyse_due(now=after)
    assert sum(arm.users for arm in selectors.scorecard_of(whole).arms) == 30
    assert analysis.analyse_due(now=after) == []


def test_one_that_cannot_be_analysed_keeps_no_other_from_its_turn(
    running: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Experiment.objects.get(pk=running.pk)
    broken.pk, broken.key, broken.name = None, "broken", "Broken"
    broken.primary_metric = "luck"
    broken.save()
    for variant in running.variants.all():
        variant.pk, variant.experiment = None, broken
        variant.save()
    for phase in running.phases.all():
        phase.pk, phase.experiment = None, broken
        phase.save()

    made = [s.experiment for s in analysis.analyse_due(now=LATER)]
    again = [s.experiment for s in reversed(analysis.analyse_due(now=LATER, force=True))]

    assert made == again == [running]
    assert "Broken could not be analysed" in caplog.text


def test_a_draft_is_not_analysed(tmp_path: Path) -> None:
    home_experiment(tmp_path / "models")

    assert analysis.analyse_due(now=LATER) == []


def test_the_pulse_counts_the_last_minute_of_the_log(running: Experiment) -> None:
    visit(10, at=NOW - timedelta(minutes=5))
    visit(30, at=NOW)

    taken = pulse.take(now=NOW + timedelta(seconds=30))

    assert taken.requests_per_minute == 30
    assert taken.p95_ms is not None
    assert taken.p95_ms > 0
    assert taken.log_lag_seconds == 0


def test_the_pulse_of_an_empty_log_has_no_figures() -> None:
    taken = pulse.take(now=NOW)

    assert taken.requests_per_minute == 0
    assert (taken.p95_ms, taken.fallback_share) == (None, None)
    assert taken.log_lag_seconds == 0
