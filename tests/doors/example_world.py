"""What the examples of the pages about doors talk of. Seeds are fixed, so that the same users get
the same variants in every installation. Runs inside Django.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from experiments import moves
from experiments.checks import VariantSpec
from experiments.drafts import Draft, create_experiment
from experiments.measurement import Measurement
from experiments.models import Experiment, Layer
from experiments.places import create_placement
from people.actors import COMMAND
from recommenders.models import Recommender
from serving.lifecycle import routed

SEED = "9f2c41d07be86a35"
RECOMMENDERS = ("popular", "item-knn")


def main() -> None:
    """A running experiment on all users of each of two placements."""
    begin("product-page", "Product page", "Better neighbours")
    begin("cart", "Cart", "Cart neighbours")


def begin(key: str, name: str, experiment: str) -> None:
    popular, knn = (Recommender.objects.get(key=one) for one in RECOMMENDERS)
    placement = create_placement(key=key, name=name, default_recommender=popular, **by())
    draft = Draft(
        name=experiment,
        placement=placement,
        variants=[VariantSpec(recommender=r, weight=Decimal("0.5")) for r in (popular, knn)],
        measurement=Measurement(goals=("ctr",)),
    )
    made = create_experiment(draft, **by())
    Experiment.objects.filter(pk=made.pk).update(seed=SEED)
    Layer.objects.filter(key=key).update(seed=SEED[::-1])
    routed(moves.start, made, **by())


def by() -> dict[str, Any]:
    return {"now": timezone.now(), "actor": COMMAND}
