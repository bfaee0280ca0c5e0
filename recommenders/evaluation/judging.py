"""A model measured on held-out behaviour: a figure for each user and measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.algorithms import Algorithm
from recommenders.dataset import Dataset
from recommenders.evaluation import shown
from recommenders.evaluation.attributes import values_of
from recommenders.evaluation.clicks import clicks, with_negatives
from recommenders.evaluation.measures import MEASURES, named
from recommenders.evaluation.ranking import Done, Ranked, rank
from recommenders.evaluation.tasks import tasks
from recommenders.exceptions import EvaluationError


@dataclass(frozen=True, kw_only=True, eq=False)
class Figures:
    """One figure per user, in the order of `users`; NaN where a user has none."""

    users: tuple[str, ...]
    values: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """The measure: the mean over the users that have a figure, NaN where none has."""
        known = self.values[~np.isnan(self.values)]
        return float(known.mean()) if len(known) else float("nan")

    def beside(self, other: "Figures") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Both figures of the users that are in both, for a paired test."""
        place = {user: at for at, user in enumerate(other.users)}
        common = [(at, place[user]) for at, user in enumerate(self.users) if user in place]
        ours, theirs = np.array(common, np.int64).reshape(-1, 2).T
        return self.values[ours], other.values[theirs]


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """How a model did: per user where a measure has users, overall where it has not.

    Names end in `@k` where the measure is of slates. `users` is how many were asked for a slate.
    """

    users: int
    k: int
    per_user: Mapping[str, Figures] = field(default_factory=dict)
    overall: Mapping[str, float] = field(default_factory=dict)

    def value(self, name: str) -> float:
        """The measure of that full name, such as `ndcg@10`. Raises EvaluationError."""
        if name in self.per_user:
            return self.per_user[name].mean
        if name in self.overall:
            return self.overall[name]
        has = ", ".join([*self.per_user, *self.overall]) or "none"
        raise EvaluationError(f"'{name}' was not measured; there are: {has}")


def judge(
    model: Algorithm[Any],
    train: Dataset,
    held_out: Dataset,
    *,
    k: int = 10,
    measures: Sequence[str] = tuple(MEASURES),
    exposure: str | None = None,
    repeats: bool = False,
    negatives: int | None = None,
    seed: int = 0,
    done: Done | None = None,
) -> Judged:
    """Measure a model fitted on `train` by what users did in `held_out`.

    Counted are users with a history in train and a relevant item: one of held_out, and unless
    `repeats`, new to them. exposure: also the share of slates by each value of this attribute of
    the catalogue. negatives: sampled ranking, see `rank`. seed: of all that is drawn.
    Measures that the model or the data cannot give are left out. Raises EvaluationError where
    there is no user to ask, UnknownMeasureError.
    """
    chosen = [named(name) for name in dict.fromkeys(measures)]
    asked = tasks(train, held_out, repeats=repeats)
    ranked = rank(model, asked, k, negatives=negatives, seed=seed, done=done)
    users = tuple(asked.users)
    per_user = {
        one.at(k): Figures(users=users, values=one.per_user(ranked))
        for one in chosen
        if one.per_user
    }
    if exposure is not None:
        per_user |= _exposure(ranked, exposure)
    if names := [one.name for one in chosen if one.clicks]:
        per_user |= _clicked(model, train, held_out, names, seed)
    overall = {one.at(k): one.overall(ranked) for one in chosen if one.overall}
    return Judged(users=len(users), k=k, per_user=per_user, overall=overall)


def _exposure(ranked: Ranked, attribute: str) -> dict[str, Figures]:
    values = values_of(ranked.tasks.train, attribute)
    of_item: list[tuple[str, ...]] = [()] * len(ranked.tasks.items)
    for place, of_one in zip(ranked.tasks.places, values, strict=True):
        of_item[int(place)] = of_one
    users = tuple(ranked.tasks.users)
    return {
        f"exposure@{ranked.k} {attribute}={value}": Figures(users=users, values=share)
        for value, share in shown.exposure_shares(ranked.slates, of_item).items()
    }


def _clicked(
    model: Algorithm[Any], train: Dataset, held_out: Dataset, names: Sequence[str], seed: int
) -> dict[str, Figures]:
    if not hasattr(model, "predict"):
        return {}
    try:
        found = clicks(model, with_negatives(train, held_out, seed=seed), names)
    except EvaluationError:
        return {}
    return {
        name: Figures(users=found.users, values=values) for name, values in found.values.items()
    }
