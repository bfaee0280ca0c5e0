"""A metric that is defined otherwise while experiments are measured by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from django.conf import settings

from events.delta import LogTable
from events.records import Event, ExposedItem, Exposure
from events.schema import to_table
from experiments import metric_definitions, selectors
from experiments.metrics import Metric, Scorecard
from experiments.metrics.filters import Equals
from experiments.metrics.measures import Events
from experiments.models import Experiment, MetricDefinition, Snapshot
from pipelines import analysis
from tests.acting import start_experiment, stop_experiment
from tests.installation import NOW, home_experiment

pytestmark = pytest.mark.django_db(transaction=True)

FIRST_LOOK = NOW + timedelta(minutes=3)  # looks of the chart at the second one, too
SECOND_LOOK = NOW + timedelta(minutes=6)
ANY = Metric(key="bought", name="Bought", kind="proportion", numerator=Events(type="purchase"))
ON_WEB = msgspec.structs.replace(
    ANY,
    numerator=Events(type="purchase", where=(Equals(field="properties.channel", to="web"),)),
)
USERS = 300
BUYERS = {"popular": 60, "item-knn": 180}
BUYERS_ON_WEB = {"popular": 60, "item-knn": 75}
"""In the app item-knn sells much more, on the web hardly."""


@pytest.fixture
def row(fresh_process: object) -> MetricDefinition:
    return metric_definitions.define(metric=ANY, now=NOW)


@pytest.fixture
def running(row: MetricDefinition, tmp_path: Path) -> Experiment:
    experiment = home_experiment(tmp_path / "models")
    experiment.measurement = {"goals": [row.key]}
    experiment.save()
    started = start_experiment(experiment, now=NOW)
    write_log(started)
    return started


def write_log(experiment: Experiment) -> None:
    """Everyone is served in the first minute, and most of the buyers buy in the second."""
    exposures, events = [], []
    for variant, buyers in BUYERS.items():
        for n in range(USERS):
            user = f"{variant}-{n}"
            exposures.append(exposure(experiment, user, variant, NOW + timedelta(seconds=n / 10)))
            if n < buyers:
                channel = "web" if n < BUYERS_ON_WEB[variant] else "app"
                at = NOW + timedelta(minutes=4 if n % 10 == 0 else 1, seconds=n / 10)
                events.append(purchase(user, channel, at))
    LogTable(settings.LOG_DIR, "exposures").append(to_table("exposures", exposures), {"x": 1})
    LogTable(settings.LOG_DIR, "events").append(to_table("events", events), {"x": 1})


def exposure(experiment: Experiment, user: str, variant: str, at: datetime) -> Exposure:
    return Exposure(
        request_id=f"r-{user}",
        user=user,
        experiment=experiment.key,
        phase=1,
        variant=variant,
        placement="home",
        recommender=variant,
        model_version=f"{variant}@1",
        plan_version=1,
        items=(ExposedItem(id="i1", score=0.5, propensity=1.0),),
        reason="split",
        served_by="web",
        fallback=None,
        latency_ms=1.5,
        attributes={},
        at=at,
    )


def purchase(user: str, channel: str, at: datetime) -> Event:
    return Event(
        id=f"e-{user}",
        type="purchase",
        user=user,
        item="i1",
        request_id=None,
        value=10.0,
        properties={"channel": channel},
        at=at,
        received_at=at,
    )


def look(now: datetime) -> Scorecard:
    [snapshot] = analysis.analyse_due(now=now, force=True)
    return selectors.scorecard_of(snapshot)


def running_p(card: Scorecard) -> float | None:
    [comparison] = card.metric("bought").comparisons
    return comparison.judged.p_value if comparison.judged else None


@pytest.mark.parametrize(
    "changed",
    [
        ON_WEB,
        msgspec.structs.replace(ANY, kind="mean", direction="decrease"),
        msgspec.structs.replace(ANY, minimum_users=USERS + 1),
    ],
)
def test_after_a_change_all_is_as_if_it_had_always_been_so(
    row: MetricDefinition, running: Experiment, changed: Metric
) -> None:
    look(FIRST_LOOK)
    metric_definitions.change(row, metric=changed, now=FIRST_LOOK)
    after = look(SECOND_LOOK)

    Snapshot.objects.all().delete()
    look(FIRST_LOOK)
    assert after == look(SECOND_LOOK)


def test_history_is_counted_anew(row: MetricDefinition, running: Experiment) -> None:
    before = look(FIRST_LOOK)
    metric_definitions.change(row, metric=ON_WEB, now=FIRST_LOOK)

    after = look(SECOND_LOOK)

    assert [value.value for value in before.metric("bought").values] == [54 / 300, 162 / 300]
    assert [value.value for value in after.metric("bought").values] == [60 / 300, 75 / 300]
    at_first = [p for p in after.series["bought"] if p.as_of == FIRST_LOOK]
    assert [point.value for point in at_first] == [54 / 300, 67 / 300]
    assert running_p(before) == pytest.approx(0, abs=1e-6)
    assert running_p(after) == pytest.approx(0.825, abs=0.001)


def test_what_the_definition_left_as_it_was_goes_on(
    row: MetricDefinition, running: Experiment
) -> None:
    before = look(FIRST_LOOK)
    named = msgspec.structs.replace(ANY, name="Buyers")
    metric_definitions.change(row, metric=named, now=FIRST_LOOK)

    after = look(SECOND_LOOK)

    assert after.metric("bought").name == "Buyers"
    assert (running_p(after) or 1) <= (running_p(before) or 1)
    assert after.metric("bought").fingerprint == before.metric("bought").fingerprint


def test_a_stopped_experiment_keeps_the_numbers_it_was_decided_by(
    row: MetricDefinition, running: Experiment
) -> None:
    stop_experiment(running, now=SECOND_LOOK)
    [last] = analysis.analyse_due(now=SECOND_LOOK + timedelta(minutes=1))

    metric_definitions.change(row, metric=ON_WEB, now=SECOND_LOOK + timedelta(days=1))

    assert analysis.analyse_due(now=SECOND_LOOK + timedelta(days=2)) == []
    card = selectors.scorecard_of(last)
    assert [value.value for value in card.metric("bought").values] == [60 / 300, 180 / 300]
    assert metric_definitions.changed_since(card) == [
        (MetricDefinition.objects.get(), ON_WEB),
    ]


def test_one_stopped_before_its_last_analysis_gets_that_by_the_new_definition(
    row: MetricDefinition, running: Experiment
) -> None:
    look(FIRST_LOOK)
    stop_experiment(running, now=SECOND_LOOK)
    metric_definitions.change(row, metric=ON_WEB, now=SECOND_LOOK)

    [last] = analysis.analyse_due(now=SECOND_LOOK + timedelta(minutes=1))

    card = selectors.scorecard_of(last)
    assert [value.value for value in card.metric("bought").values] == [60 / 300, 75 / 300]
    assert metric_definitions.changed_since(card) == []
