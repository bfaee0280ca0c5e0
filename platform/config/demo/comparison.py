"""The placement `home` and the experiment on it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from experiments.measurement import Measurement
from experiments.models import Experiment, Placement
from experiments.services import VariantSpec, create_experiment, create_placement
from recommenders.models import Recommender
from serving import plans
from serving.lifecycle import start_experiment

PLACEMENT = "home"
EXPERIMENT = "home-ctr"
NAME = "Home CTR"
TRAFFIC = Decimal("0.8")  # the rest is left to the experiment a newcomer starts
WEIGHTS = (Decimal("0.3334"), Decimal("0.3333"), Decimal("0.3333"))
HYPOTHESIS = "Slates that follow what a person looked at earn more clicks than the popular items."


def running(recommenders: Sequence[Recommender], *, now: datetime) -> Experiment:
    """The demonstration's experiment, made and started where it is missing.

    One that somebody has stopped since is left as it is.
    """
    placement = _placement(recommenders[0])
    experiment = Experiment.objects.filter(key=EXPERIMENT).first()
    if experiment is None:
        experiment = create_experiment(
            name=NAME,
            hypothesis=HYPOTHESIS,
            placement=placement,
            variants=[
                VariantSpec(recommender=recommender, weight=weight)
                for recommender, weight in zip(recommenders, WEIGHTS, strict=True)
            ],
            measurement=Measurement(goals=("ctr",), planned_users=10_000),
            traffic=TRAFFIC,
        )
    if experiment.status == Experiment.Status.DRAFT:
        experiment = start_experiment(experiment, now=now)
    return experiment


def _placement(default: Recommender) -> Placement:
    placement = Placement.objects.filter(key=PLACEMENT).first()
    if placement is not None:
        return placement
    with transaction.atomic():
        plans.publish()
        return create_placement(key=PLACEMENT, name="Home", default_recommender=default)
