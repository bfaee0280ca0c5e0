"""Changes an experiment of the placement `switch` in a process of its own, a word of standard
input at a time, and says after each which version of the plan it led to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from experiments import holdouts, moves
from experiments.checks import VariantSpec
from experiments.drafts import Draft, create_experiment
from experiments.measurement import Measurement
from experiments.models import Experiment, Holdout, Layer
from experiments.overrides import set_override
from experiments.places import create_placement
from people.actors import COMMAND
from recommenders.models import Recommender
from serving.lifecycle import routed
from serving.models import PublishedPlan

KEY = "switch"
ARMS = {"control": "popular", "near": "item-knn", "far": "popular"}


def main() -> None:
    print(begin(), flush=True)
    for word in sys.stdin:
        experiment = Experiment.objects.get(key=KEY)
        CHANGES[word.strip()](experiment)
        print(PublishedPlan.objects.latest().pk, flush=True)


def begin() -> int:
    """The placement, with a running experiment of three arms on half of its users."""
    recommenders = {r.key: r for r in Recommender.objects.filter(key__in=ARMS.values())}
    home = routed(
        create_placement,
        key=KEY,
        name="Switch",
        default_recommender=recommenders["popular"],
        **by(),
    )
    third = {"control": "0.4", "near": "0.3", "far": "0.3"}
    arms = [
        VariantSpec(recommender=recommenders[ARMS[key]], weight=Decimal(weight), key=key)
        for key, weight in third.items()
    ]
    draft = Draft(
        name="Switch",
        key=KEY,
        placement=home,
        variants=arms,
        measurement=Measurement(goals=("ctr",)),
        traffic=Decimal("0.5"),
    )
    routed(moves.start, create_experiment(draft, **by()), **by())
    return PublishedPlan.objects.latest().pk


def weigh(experiment: Experiment, **weights: str) -> None:
    given = {key: Decimal(weight) for key, weight in weights.items()}
    routed(moves.change_arms, experiment, weights=given, why="A test.", **by())


def hold_out(experiment: Experiment) -> None:
    layer = Layer.objects.get(key=KEY)
    routed(holdouts.create_holdout, key=KEY, name=KEY, share=Decimal("0.1"), layer=layer, **by())


def by() -> dict[str, Any]:
    return {"now": timezone.now(), "actor": COMMAND}


CHANGES: dict[str, Callable[[Experiment], object]] = {
    "more": lambda e: routed(moves.change_traffic, e, traffic=Decimal("0.9"), **by()),
    "less": lambda e: routed(moves.change_traffic, e, traffic=Decimal("0.2"), **by()),
    "pause": lambda e: routed(moves.pause, e, **by()),
    "resume": lambda e: routed(moves.resume, e, **by()),
    "weigh": lambda e: weigh(e, control="0.2", near="0.4", far="0.4"),
    "kill": lambda e: routed(moves.kill_arm, e, variant="far", **by()),
    "weigh-rest": lambda e: weigh(e, control="0.7", near="0.3"),
    "override": lambda e: routed(set_override, e, user="user-0", variant="near", **by()),
    "hold-out": hold_out,
    "let-in": lambda e: routed(holdouts.end_holdout, Holdout.objects.get(key=KEY), **by()),
    "stop": lambda e: routed(moves.stop, e, **by()),
}
