"""What is told of models that were measured on the same tasks: intervals, and paired tests."""

from dataclasses import dataclass

import numpy as np

from recommenders.evaluation.bootstrap import Interval, interval
from recommenders.evaluation.judging import Judged
from recommenders.evaluation.paired import Difference, compare_paired


@dataclass(frozen=True, kw_only=True)
class Row:
    """A measure by its full name; `interval` has no bounds where it has no users."""

    name: str
    interval: Interval


def rows(judged: Judged, *, confidence: float = 0.95, seed: int = 0) -> list[Row]:
    """All measures with intervals over users; the same seed draws the same users for every model.

    A measure of which no user has a figure is left out.
    """
    found = [
        Row(name=name, interval=interval(one.values, confidence=confidence, seed=seed))
        for name, one in judged.per_user.items()
        if not np.isnan(one.values).all()
    ]
    overall = [
        Row(name=name, interval=Interval(n=judged.users, value=value, low=None, high=None))
        for name, value in judged.overall.items()
    ]
    return [*found, *overall]


def differences(a: Judged, b: Judged, *, confidence: float = 0.95) -> dict[str, Difference]:
    """`b` less `a` in every measure that both have for their users, by the paired test."""
    return {
        name: compare_paired(*a.per_user[name].beside(one), confidence=confidence)
        for name, one in b.per_user.items()
        if name in a.per_user
    }
