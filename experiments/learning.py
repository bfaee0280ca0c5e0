"""What a recommender may learn from while experiments that it serves are under way: each says so
by its `training_data`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.exceptions import NotAllowed
from experiments.metrics.spec import TrainingData
from experiments.models import Experiment

if TYPE_CHECKING:
    from recommenders.models import Recommender


@dataclass(frozen=True, kw_only=True)
class LearningRule:
    """What one experiment under way says to one recommender.

    `own` are the variants that it serves, `arms` those that take users now: a killed arm's volume
    would bound what the others learn from for ever.
    """

    experiment: str
    policy: TrainingData
    own: tuple[str, ...]
    arms: tuple[str, ...]


def rules_for(recommender: Recommender) -> list[LearningRule]:
    """One for each experiment under way that it serves, the oldest first."""
    serving = Experiment.objects.filter(
        variants__recommender=recommender, status__in=Experiment.HOLDING
    )
    found = serving.distinct().prefetch_related("variants", "phases").order_by("id")
    return [_rule(experiment, recommender) for experiment in found]


def _rule(experiment: Experiment, recommender: Recommender) -> LearningRule:
    variants = list(experiment.variants.all())
    killed = list(experiment.phases.all())[-1].killed
    return LearningRule(
        experiment=experiment.key,
        policy=experiment.measured.training_data,
        own=tuple(v.key for v in variants if v.recommender_id == recommender.pk),
        arms=tuple(v.key for v in variants if v.key not in killed),
    )


def require_learning(recommender: Recommender, rules: Iterable[LearningRule]) -> None:
    """Raises NotAllowed where one of its experiments keeps its arms' models as they are."""
    frozen = [rule.experiment for rule in rules if rule.policy == "frozen"]
    if frozen:
        raise NotAllowed(
            f"{recommender.key} serves an arm of {' and '.join(frozen)}, which keeps its models "
            "frozen while it is under way. Train once it is stopped, or register the same "
            "settings under another key and train that."
        )
