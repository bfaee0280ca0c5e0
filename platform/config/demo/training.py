"""The three recommenders, registered and trained by Celery."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.demo.exceptions import DemoError
from pipelines.following import follow
from recommenders.models import Recommender, Training
from recommenders.services import register
from serving.learning import ask_for_training


@dataclass(frozen=True, kw_only=True)
class Role:
    """A recommender of the demonstration; the first is the control and the placement's default."""

    key: str
    algorithm: str


ROLES = (
    Role(key="popular", algorithm="popularity"),
    Role(key="item-knn", algorithm="item_knn"),
    Role(key="conv-ctr", algorithm="conv_ctr"),
)


def registered() -> list[Recommender]:
    """The recommenders, in the order of the roles; those that are missing are registered."""
    return [
        Recommender.objects.filter(key=role.key).first()
        or register(key=role.key, algorithm=role.algorithm, config={})
        for role in ROLES
    ]


def trained(recommenders: Iterable[Recommender]) -> None:
    """Have trained what has no live version, and wait. Raises DemoError where a training fails."""
    waiting = [ask_for_training(one) for one in recommenders if one.live_id is None]
    for training in waiting:
        _follow(training)


def _follow(training: Training) -> None:
    follow(training, title=f"Training {training.recommender.key}")
    if training.status != Training.Status.SUCCEEDED:
        reason = training.error.strip().splitlines() or ["no reason was given"]
        raise DemoError(
            f"The training of {training.recommender.key} failed: {reason[-1]} "
            "Its page in the dashboard shows all of it. Start again to try once more."
        )
