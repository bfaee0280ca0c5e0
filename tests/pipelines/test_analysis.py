from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from django.conf import settings

from events import runtime
from events.drain import Drain
from events.exceptions import LogVersionGone
from events.ingest import accept
from experiments import selectors
from experiments.metrics import ScorecardSpec, encode
from experiments.metrics.exploring import recompute, usual
from experiments.models import Experiment, Phase, Snapshot
from pipelines import analysis, pulse
from serving.routing import RouteRequest, route
from tests.acting import start_experiment, stop_experiment
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
    spec = msgspec.convert(snapshot.settings, ScorecardSpec)
    assert (spec.tuning, spec.method, spec.as_of) == (5000.0, "sequential", LATER)
    assert [(t.metric.key, t.role, t.required) for t in spec.metrics] == [
        ("ctr", "goal", True),
        ("clicks_per_user", "secondary", True),
        ("impressions_per_user", "secondary", True),
        ("clicked", "secondary", True),
        ("slow_slates", "guardrail", False),
        ("fallback_rate", "guardrail", False),
        ("unattributed_clicks", "guardrail", False),
    ]
    assert snapshot.previous is None
    assert {d.name for d in card.described} == {
        "different_items",
        "coverage",
        "gini",
        "diversity",
        "novelty",
    }


def test_a_snapshot_counted_anew_is_the_same_to_the_last_digit(running: Experiment) -> None:
    visit(120)
    [first] = analysis.analyse_due(now=LATER)
    visit(150, at=NOW + timedelta(seconds=40))
    second = analysis.analyse_one(running.pk, now=LATER + timedelta(seconds=10))
    visit(30, at=LATER)

    assert second.previous == first
    for snapshot in (first, second):
        snapshot.refresh_from_db()
        assert encode(analysis.recount(snapshot)) == encode(selectors.scorecard_of(snapshot))


def test_samples_are_kept_of_the_newest_snapshot_alone(running: Experiment) -> None:
    visit(40)
    first = analysis.analyse_one(running.pk, now=LATER)
    second = analysis.analyse_one(running.pk, now=LATER)

    assert selectors.samples_of(first) is None
    kept = selectors.samples_of(second)
    assert kept is not None
    card = selectors.scorecard_of(second)
    again = recompute(card, selectors.spec_of(second), kept, usual(card))
    for stored, found in zip(card.metrics, again.metrics, strict=True):
        assert found.values == stored.values
        assert [c.deciding for c in found.comparisons] == [c.deciding for c in stored.comparisons]


def test_a_snapshot_of_a_vacuumed_log_says_that_it_is_gone(running: Experiment) -> None:
    visit(5)
    [snapshot] = analysis.analyse_due(now=LATER)
    snapshot.log_versions["exposures"] = 7

    with pytest.raises(LogVersionGone, match="Version 7 of exposures is gone"):
        analysis.recount(snapshot)


def test_phases_have_the_ratio_of_their_ranges(running: Experiment) -> None:
    running.phases.update(ended_at=NOW + timedelta(seconds=20))
    first, second = (variant.key for variant in running.variants.all())
    later = {first: [[0, 9000]], second: [[9000, 10000]]}
    Phase.objects.create(
        experiment=running, number=2, ranges=later, started_at=NOW + timedelta(seconds=20)
    )

    spec = selectors.scorecard_spec(running, as_of=LATER)

    assert [phase.number for phase in spec.phases] == [1, 2]
    assert [phase.shares for phase in spec.phases] == [(0.5, 0.5), (0.9, 0.1)]
    assert spec.as_of == LATER


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
    broken.measurement = {"goals": ["luck"]}
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
