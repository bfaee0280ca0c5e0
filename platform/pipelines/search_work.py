"""The child's side of a search: it fits and judges trial by trial, and looks once at the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from pipelines import learning
from recommenders import searches
from recommenders.algorithms import create
from recommenders.dataset import Dataset
from recommenders.evaluation import Judged, Protocol, compare_paired, interval, judge
from recommenders.exceptions import EvaluationError
from recommenders.models import Search, Trial
from recommenders.search import study
from recommenders.search.space import Settings

SHARE = 0.95  # of the progress is the trials'; the rest is the last look


def run(search: Search) -> None:
    """Sees a search through. What an attempt before tried is not tried again.

    Settings are chosen on folds of the training part. What is held out is looked at once, at the
    end, with the settings chosen.
    """
    data, _ = learning.learn(search.recommender, now=timezone.now())
    protocol = Protocol(**search.protocol)
    train, held_out = protocol.split(data)
    folds = protocol.folds(train, search.folds)
    plan = _plan(search)
    tried = list(plan.done)
    for one in study.run(plan, _objective(search, folds)):
        tried.append(one)
        _remember(search, one, tried, plan.total)
    best = study.best(tried, better=plan.better)
    if best is None:
        raise EvaluationError(f"no trial could be fitted; the last said: {tried[-1].error}")
    outcome = _last_look(search, train, held_out, plan.own, best.settings)
    message = f"{len(tried)} trials; the best is number {best.number}."
    searches.succeed(search, outcome, message=message, now=timezone.now())


def _plan(search: Search) -> study.Plan:
    done = tuple(
        study.Tried(
            number=one.number,
            settings=one.settings,
            folds=tuple(one.folds),
            state=one.state,  # type: ignore[arg-type]
            error=one.error,
        )
        for one in search.trials.all()
    )
    return study.Plan(
        fields=searches.space_of(search.recommender),
        own=searches.own_settings(search.recommender),
        sampler=search.sampler,  # type: ignore[arg-type]
        trials=search.planned,
        seed=Protocol(**search.protocol).seed,
        done=done,
    )


def _objective(search: Search, folds: list[tuple[Dataset, Dataset]]) -> study.Objective:
    def objective(settings: Settings) -> Iterator[float]:
        for train, validation in folds:
            yield _judged(search, settings, train, validation).value(_measure(search))

    return objective


def _judged(search: Search, settings: Settings, train: Dataset, held_out: Dataset) -> Judged:
    protocol = Protocol(**search.protocol)
    config = {**search.recommender.config, **settings}
    model = create(search.recommender.algorithm, **config).fit(train, seed=protocol.seed)
    return judge(
        model,
        train,
        held_out,
        k=search.k,
        measures=[search.measure],
        repeats=protocol.repeats,
        negatives=protocol.negatives,
        seed=protocol.seed,
    )


def _measure(search: Search) -> str:
    return f"{search.measure}@{search.k}"


def _remember(search: Search, one: study.Tried, tried: list[study.Tried], total: int) -> None:
    best = study.best(tried, better=1)
    so_far = "" if best is None else f" Best so far {best.value:.4f}, trial {best.number}."
    trial = Trial(
        search=search,
        number=one.number,
        settings=dict(one.settings),
        folds=list(one.folds),
        state=one.state,
        value=one.value,
        error=one.error,
    )
    searches.remember(
        search,
        trial,
        progress=SHARE * len(tried) / total,
        message=f"Trial {len(tried)} of {total}.{so_far}",
    )


def _last_look(
    search: Search, train: Dataset, held_out: Dataset, own: Settings, best: Settings
) -> dict[str, Any]:
    """Both settings fitted on all that was not held out, and tested on the same users of it."""
    before, after = (_judged(search, one, train, held_out) for one in (own, best))
    name = _measure(search)
    theirs, ours = before.per_user[name], after.per_user[name]
    return {
        "measure": name,
        "own": asdict(interval(theirs.values)),
        "best": asdict(interval(ours.values)),
        "difference": asdict(compare_paired(*theirs.beside(ours))),
    }
