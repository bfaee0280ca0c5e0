"""A team's own metrics: how one is defined, changed, archived, and taken to be measured by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User

from experiments import metric_definitions, selectors
from experiments.exceptions import Invalid, NotAllowed
from experiments.measurement import Measurement
from experiments.metrics import METRICS, Metric, UnknownMetric
from experiments.metrics.builtin import slow_slates
from experiments.metrics.filters import Compare, Equals
from experiments.metrics.measures import Clicks, Events, Slates, Window
from experiments.models import Experiment, MetricDefinition
from people.actors import Actor
from tests.acting import create_experiment, start_experiment, stop_experiment
from tests.experiments.conftest import halves

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

GMV = Metric(
    key="gmv",
    name="GMV",
    kind="mean",
    numerator=Events(
        type="purchase",
        aggregation="sum",
        where=(
            Equals(field="properties.channel", to="web"),
            Compare(field="value", order=">", to=5),
        ),
    ),
    window=Window(until_days=7),
    winsorise=0.99,
    format="money",
    currency="EUR",
)
replace = msgspec.structs.replace
define = metric_definitions.define


def measured_by(key: str, draft: Experiment, name: str = "By GMV") -> Experiment:
    """A draft like the given one with that goal."""
    arms = [variant.recommender for variant in draft.variants.all()]
    return create_experiment(
        name=name,
        placement=draft.placement,
        variants=halves(*arms),
        measurement=Measurement(goals=(key,)),
    )


def test_a_metric_comes_back_as_it_was_defined() -> None:
    ada = User.objects.create_user("ada")

    define(metric=GMV, actor=Actor.of(ada), now=NOW)

    row = MetricDefinition.objects.get()
    assert metric_definitions.metric_of(row) == metric_definitions.metric_named("gmv") == GMV
    assert (row.key, row.created_by, row.updated_at, row.archived_at) == ("gmv", ada, NOW, None)
    assert list(metric_definitions.metrics()) == [*METRICS, "gmv"]


def test_a_built_in_metric_is_had_without_a_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert metric_definitions.metric_named("ctr") == METRICS["ctr"]


def test_a_key_that_nobody_defined_is_named_with_those_that_are() -> None:
    define(metric=GMV, now=NOW)

    with pytest.raises(UnknownMetric, match=r"no metric 'luck'.*unattributed_clicks, gmv"):
        metric_definitions.metric_named("luck")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"key": "ctr"}, "key", "“ctr” is built in. Choose another key."),
        ({"key": "orders"}, "key", "There is a metric “orders” already, or was."),
        ({"name": "ctr"}, "name", "A metric named “ctr” exists."),
        ({"name": "ORDERS"}, "name", "A metric named “ORDERS” exists."),
        ({"name": "x" * 65}, "name", "Give at most 64 characters."),
        ({"description": "x" * 301}, "description", "Give at most 300 characters."),
        ({"description": "a\0"}, None, "Leave out the NUL character (U+0000)."),
    ],
)
def test_what_cannot_be_defined_is_said_at_its_field_and_nothing_is_made(
    change: dict[str, Any], field: str | None, message: str
) -> None:
    define(metric=replace(GMV, key="orders", name="Orders"), now=NOW)

    with pytest.raises(Invalid) as refused:
        define(metric=replace(GMV, **change), now=NOW)

    assert refused.value.field == field
    assert refused.value.message.startswith(message)
    assert [row.key for row in MetricDefinition.objects.all()] == ["orders"]


def test_there_are_at_most_two_hundred() -> None:
    MetricDefinition.objects.bulk_create(
        MetricDefinition(
            key=f"m{n}",
            definition=msgspec.to_builtins(replace(GMV, key=f"m{n}", name=f"M{n}")),
            updated_at=NOW,
        )
        for n in range(200)
    )

    with pytest.raises(Invalid, match="200 metrics of your own already"):
        define(metric=GMV, now=NOW)


def test_a_change_keeps_key_and_maker_and_says_when() -> None:
    ada = User.objects.create_user("ada")
    row = define(metric=GMV, actor=Actor.of(ada), now=NOW)
    other = replace(GMV, numerator=Clicks(), format="number", currency=None)

    metric_definitions.change(row, metric=other, now=LATER)

    row.refresh_from_db()
    assert metric_definitions.metric_named("gmv") == other
    assert (row.created_by, row.updated_at) == (ada, LATER)


def test_a_new_name_is_no_other_definition() -> None:
    row = define(metric=GMV, now=NOW)

    metric_definitions.change(row, metric=replace(GMV, name="Value"), now=LATER)

    row.refresh_from_db()
    assert (metric_definitions.metric_of(row).name, row.updated_at) == ("Value", NOW)


@pytest.mark.parametrize(
    ("change", "field"), [({"key": "value"}, "key"), ({"name": "Conversion"}, "name")]
)
def test_a_change_that_cannot_be_leaves_the_definition(change: dict[str, Any], field: str) -> None:
    row = define(metric=GMV, now=NOW)

    with pytest.raises(Invalid) as refused:
        metric_definitions.change(row, metric=replace(GMV, **change), now=LATER)

    assert refused.value.field == field
    assert metric_definitions.metric_named("gmv") == GMV


def test_an_own_limit_for_slow_slates_stands_beside_the_built_in_one(draft: Experiment) -> None:
    own = replace(slow_slates(350), key="slow_slates_350", name="Slates over 350 ms")
    define(metric=own, now=NOW)

    spec = _spec_of(measured_by("slow_slates_350", draft))

    [goal] = spec.goals
    assert goal.metric.numerator == Slates(slower_than_ms=350)
    assert goal.metric.fingerprint != METRICS["slow_slates"].fingerprint


def test_an_experiment_is_measured_by_the_definition_that_holds(draft: Experiment) -> None:
    row = define(metric=GMV, now=NOW)
    experiment = measured_by("gmv", draft)
    changed = replace(GMV, winsorise=None)

    metric_definitions.change(row, metric=changed, now=LATER)

    assert [tracked.metric for tracked in _spec_of(experiment).goals] == [changed]


def test_an_archived_metric_can_be_chosen_no_longer(draft: Experiment) -> None:
    row = define(metric=GMV, now=NOW)

    metric_definitions.archive(row, now=LATER)

    assert "gmv" not in metric_definitions.metrics()
    with pytest.raises(Invalid, match="Choose one of ctr") as refused:
        measured_by("gmv", draft)
    assert refused.value.field == "goals/0"
    with pytest.raises(Invalid, match="“gmv” already, or was"):
        define(metric=replace(GMV, name="Another"), now=LATER)
    with pytest.raises(NotAllowed, match="Restore it before you change it"):
        metric_definitions.change(row, metric=GMV, now=LATER)


def test_what_is_drafted_or_runs_by_a_metric_keeps_it_from_being_archived(
    draft: Experiment,
) -> None:
    row = define(metric=GMV, now=NOW)
    running = start_experiment(measured_by("gmv", draft), now=NOW)
    measured_by("gmv", draft, name="To come")

    with pytest.raises(NotAllowed) as refused:
        metric_definitions.archive(row, now=LATER)

    assert refused.value.message == (
        "GMV is measured by To come (draft), By GMV (running). Archive it once they have stopped."
    )
    assert "gmv" in metric_definitions.metrics()
    assert running.status == "running"


def test_what_was_stopped_keeps_its_archived_metric(draft: Experiment) -> None:
    row = define(metric=GMV, now=NOW)
    experiment = start_experiment(measured_by("gmv", draft), now=NOW)
    stop_experiment(experiment, now=LATER)

    metric_definitions.archive(row, now=LATER)

    assert [tracked.metric for tracked in _spec_of(experiment).goals] == [GMV]


def test_an_archived_metric_is_restored_unless_its_name_was_taken() -> None:
    row = define(metric=GMV, now=NOW)
    metric_definitions.archive(row, now=LATER)
    other = define(metric=replace(GMV, key="value"), now=LATER)

    with pytest.raises(Invalid, match="A metric named “GMV” exists"):
        metric_definitions.restore(row, now=LATER)
    assert "gmv" not in metric_definitions.metrics()

    metric_definitions.archive(other, now=LATER)
    metric_definitions.restore(row, now=LATER)
    assert metric_definitions.metrics()["gmv"] == GMV


def _spec_of(experiment: Experiment) -> Any:
    if experiment.status == "draft":
        experiment = start_experiment(experiment, now=NOW)
    return selectors.scorecard_spec(experiment, as_of=LATER)
