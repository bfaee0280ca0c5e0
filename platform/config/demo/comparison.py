"""The placement `home` and the experiment on it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from experiments import moves
from experiments.checks import VariantSpec
from experiments.drafts import Draft, create_experiment
from experiments.measurement import Measurement
from experiments.models import Experiment, Placement
from experiments.places import create_placement
from people.actors import COMMAND
from recommenders.models import Recommender
from serving.lifecycle import routed

PLACEMENT = "home"
EXPERIMENT = "home-ctr"
NAME = "Home CTR"
ATTRIBUTE = "platform"  # that the shoppers' requests carry: app or web
TRAFFIC = Decimal("0.8")  # the rest is left to the experiment a newcomer starts
WEIGHTS = (Decimal("0.3334"), Decimal("0.3333"), Decimal("0.3333"))
HYPOTHESIS = "Slates that follow what a person looked at earn more clicks than the popular items."


def running(recommenders: Sequence[Recommender], *, now: datetime) -> Experiment:
    """The demonstration's experiment, made and started where it is missing.

    One that somebody has stopped since is left as it is.
    """
    placement = _placement(recommenders[0], now=now)
    experiment = Experiment.objects.filter(key=EXPERIMENT).first()
    if experiment is None:
        draft = Draft(
            name=NAME,
            hypothesis=HYPOTHESIS,
            placement=placement,
            variants=[
                VariantSpec(recommender=recommender, weight=weight)
                for recommender, weight in zip(recommenders, WEIGHTS, strict=True)
            ],
            measurement=Measurement(goals=("ctr",), planned_users=10_000, segments=(ATTRIBUTE,)),
            traffic=TRAFFIC,
        )
        experiment = create_experiment(draft, now=now, actor=COMMAND)
    if experiment.status == Experiment.Status.DRAFT:
        experiment = routed(moves.start, experiment, now=now, actor=COMMAND)
    return experiment


def _placement(default: Recommender, *, now: datetime) -> Placement:
    placement = Placement.objects.filter(key=PLACEMENT).first()
    if placement is not None:
        return placement
    return routed(
        create_placement,
        key=PLACEMENT,
        name="Home",
        default_recommender=default,
        now=now,
        actor=COMMAND,
    )
