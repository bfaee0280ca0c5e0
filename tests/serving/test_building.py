"""The plan says what the database does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from experiments import holdouts, moves, overrides, places
from experiments.assignment import PlannedHoldout
from experiments.drafts import LayerShare
from experiments.measurement import Measurement
from experiments.models import Experiment
from people.actors import Actor
from serving.building import build
from tests.acting import create_experiment, start_experiment
from tests.experiments.conftest import halves
from tests.installation import home_experiment

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = Actor("ada")


@pytest.fixture
def draft(tmp_path: Path) -> Experiment:
    return home_experiment(tmp_path / "models", traffic="0.5")


def test_an_experiment_stands_behind_a_gate_for_each_of_its_layers(draft: Experiment) -> None:
    search = places.create_layer(key="search", name="Search", now=NOW, actor=ADA, unit="device")
    draft.memberships.create(layer=search, share=Decimal("0.2"))
    start_experiment(draft, now=NOW)

    planned = build(1).experiments[0]

    assert [(g.layer, g.unit, g.slots) for g in planned.gates] == [
        ("home", "user", ((0, 5000),)),
        ("search", "device", ((0, 2000),)),
    ]
    assert planned.gates[1].seed == search.seed


def test_two_experiments_of_a_further_layer_get_different_users_of_it(draft: Experiment) -> None:
    search = places.create_layer(key="search", name="Search", now=NOW, actor=ADA)
    start_experiment(draft, now=NOW)
    others = [variant.recommender for variant in draft.variants.all()]
    for name, traffic in (("Second", "0.2"), ("Third", "0.2")):
        start_experiment(
            create_experiment(
                name=name,
                placement=draft.placement,
                variants=halves(*others),
                measurement=Measurement(goals=("ctr",)),
                traffic=Decimal(traffic),
                layers=[LayerShare(layer=search, share=Decimal("0.3"))],
            ),
            now=NOW,
        )

    second, third = build(1).experiments[1:]
    assert second.gates[1].slots == ((0, 3000),)
    assert third.gates[1].slots == ((3000, 6000),)
    assert (second.gates[0].slots, third.gates[0].slots) == (((5000, 7000),), ((7000, 9000),))


def test_a_paused_experiment_is_not_in_the_plan(draft: Experiment) -> None:
    start_experiment(draft, now=NOW)
    moves.pause(draft, now=LATER, actor=ADA)
    assert build(1).experiments == ()

    moves.resume(draft, now=LATER, actor=ADA)
    assert [experiment.key for experiment in build(2).experiments] == ["home-ctr"]


def test_what_is_killed_overridden_and_held_out_is_in_the_plan(draft: Experiment) -> None:
    start_experiment(draft, now=NOW)
    overrides.set_override(draft, user="qa", variant="item-knn", now=NOW, actor=ADA)
    phase = draft.phases.get()
    phase.killed = ["item-knn"]
    phase.save()
    held = holdouts.create_holdout(
        key="held", name="Held", share=Decimal("0.05"), layer=draft.layer, now=NOW, actor=ADA
    )
    ended = holdouts.create_holdout(
        key="ended", name="Ended", share=Decimal("0.05"), now=NOW, actor=ADA
    )
    holdouts.end_holdout(ended, now=NOW, actor=ADA)

    plan = build(1)

    assert plan.experiments[0].overrides == {"qa": "item-knn"}
    assert [(v.key, v.killed) for v in plan.experiments[0].variants] == [
        ("popular", False),
        ("item-knn", True),
    ]
    assert plan.holdouts == (
        PlannedHoldout(key="held", layer="home", seed=held.seed, ranges=((0, 500),)),
    )
