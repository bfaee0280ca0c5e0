"""The arms of an experiment as every part of the page shows them: letter, recommender, model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.metrics.results import Scorecard

if TYPE_CHECKING:
    from experiments.models import Experiment, Variant
    from recommenders.models import ModelVersion


@dataclass(frozen=True, kw_only=True)
class ArmView:
    """One arm. `version` is the model behind it: live now, or when the experiment stopped, and None
    where there is none or it is not known. `share` is its part of the users, 0..1; `users` is None
    before an analysis.
    """

    letter: str
    key: str
    recommender: str
    version: ModelVersion | None
    share: float
    users: int | None

    @property
    def hue(self) -> str:
        """The suffix of the arm's colour tokens: a to f."""
        return self.letter.lower()

    @property
    def is_control(self) -> bool:
        return self.letter == "A"


def arms_of(
    experiment: Experiment,
    scorecard: Scorecard | None,
    *,
    then: Mapping[int, ModelVersion] | None = None,
) -> tuple[ArmView, ...]:
    """The arms in their order, with the versions of `then` by recommender, or those live now.

    Expects the variants, recommenders and live versions prefetched.
    """
    users = {arm.variant: arm.users for arm in scorecard.arms} if scorecard else {}
    return tuple(
        _arm(
            variant,
            users,
            variant.recommender.live if then is None else then.get(variant.recommender_id),
        )
        for variant in experiment.variants.all()
    )


def _arm(variant: Variant, users: dict[str, int], version: ModelVersion | None) -> ArmView:
    return ArmView(
        letter=variant.letter,
        key=variant.key,
        recommender=variant.recommender.key,
        version=version,
        share=float(variant.weight),
        users=users.get(variant.key),
    )
