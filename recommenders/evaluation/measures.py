"""The measures by name. Adding one is a line in MEASURES."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.evaluation import predicted, ranked, shown
from recommenders.evaluation.ranking import Ranked
from recommenders.exceptions import UnknownMeasureError

PerUser = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure as a form, a table and a page show it, by one of three ways to compute it.

    per_user: a figure for each user of the slates, whose mean is the measure
    overall: one figure of all slates together, which has no interval
    clicks: the users' parts (user per row, labels, probabilities), of models that give those
    better: 1 where more is better, -1 where less is, 0 where it depends on what is wanted
    """

    name: str
    title: str
    better: int
    per_user: Callable[[Ranked], PerUser] | None = None
    overall: Callable[[Ranked], float] | None = None
    clicks: Callable[[NDArray[np.int64], PerUser, PerUser], PerUser] | None = None

    def at(self, k: int) -> str:
        """Its name with the length of the slate, which clicks have not."""
        return self.name if self.clicks else f"{self.name}@{k}"


def _popularity(it: Ranked) -> PerUser:
    return shown.popularity(it.slates, it.tasks.met_by, it.tasks.train.n_users)


def _lift(it: Ranked) -> PerUser:
    share = it.tasks.met_by / it.tasks.train.n_users
    chosen = [share[it.tasks.history(task)].mean() for task in range(len(it.tasks.users))]
    return shown.popularity_lift(_popularity(it), np.array(chosen))


def _diversity(it: Ranked) -> PerUser:
    codes = np.full(len(it.tasks.items), -1, np.int64)
    codes[it.tasks.places] = np.arange(it.tasks.train.n_items)
    slates = np.where(it.slates >= 0, codes[it.slates], -1)
    return shown.diversity(slates, it.tasks.train.matrix)


_ALL = (
    Measure(
        name="ndcg",
        title="nDCG",
        better=1,
        per_user=lambda it: ranked.ndcg(it.hits, it.tasks.counts),
    ),
    Measure(
        name="map",
        title="MAP",
        better=1,
        per_user=lambda it: ranked.average_precision(it.hits, it.tasks.counts),
    ),
    Measure(
        name="precision",
        title="Precision",
        better=1,
        per_user=lambda it: ranked.precision(it.hits),
    ),
    Measure(
        name="recall",
        title="Recall",
        better=1,
        per_user=lambda it: ranked.recall(it.hits, it.tasks.counts),
    ),
    Measure(
        name="hit_rate",
        title="Hit rate",
        better=1,
        per_user=lambda it: ranked.hit_rate(it.hits),
    ),
    Measure(
        name="mrr",
        title="MRR",
        better=1,
        per_user=lambda it: ranked.reciprocal_rank(it.hits),
    ),
    Measure(
        name="coverage",
        title="Coverage",
        better=0,
        overall=lambda it: shown.coverage(it.slates, len(it.tasks.items)),
    ),
    Measure(
        name="gini",
        title="Gini",
        better=0,
        overall=lambda it: shown.gini(it.slates, len(it.tasks.items)),
    ),
    Measure(
        name="novelty",
        title="Novelty",
        better=0,
        per_user=lambda it: shown.novelty(it.slates, it.tasks.met_by, it.tasks.train.n_users),
    ),
    Measure(name="diversity", title="Diversity", better=0, per_user=_diversity),
    Measure(name="popularity", title="Popularity", better=0, per_user=_popularity),
    Measure(name="popularity_lift", title="Popularity lift", better=0, per_user=_lift),
    Measure(name="auc", title="AUC", better=1, clicks=predicted.auc_parts),
    Measure(name="logloss", title="Logloss", better=-1, clicks=predicted.logloss_parts),
)
MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}


def named(name: str) -> Measure:
    """The measure of that name. Raises UnknownMeasureError."""
    if name not in MEASURES:
        raise UnknownMeasureError(name, MEASURES)
    return MEASURES[name]
