"""The loop of a search: choose, try fold by fold, give up early on what will not win, remember."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from recommenders.algorithms import Value
from recommenders.algorithms.fields import Field
from recommenders.exceptions import RecommenderError
from recommenders.search.space import Settings, grid

Sampler = Literal["tpe", "random", "grid"]
SAMPLERS: tuple[Sampler, ...] = get_args(Sampler)
State = Literal["complete", "pruned", "failed"]
STARTUP = 5  # complete trials before any is given up early

Objective = Callable[[Settings], Iterator[float]]
"""Gives the figure of each fold in turn; what is not asked for is not computed."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A trial that is over: what was tried, the figure of each fold seen, and how it ended.

    `value` is the mean over all folds of a complete trial, else None.
    """

    number: int
    settings: Settings
    folds: tuple[float, ...] = ()
    state: State = "complete"
    error: str = ""

    @property
    def value(self) -> float | None:
        return sum(self.folds) / len(self.folds) if self.state == "complete" else None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a search tries: `own` settings first, so that the best is never worse than they are.

    better: 1 where more is better, -1 where less is.
    """

    fields: tuple[Field, ...]
    own: Settings
    sampler: Sampler = "tpe"
    trials: int = 30
    better: int = 1
    seed: int = 42
    done: tuple[Tried, ...] = field(default=())

    @property
    def total(self) -> int:
        """How many trials there will be; a grid may be smaller than what was asked for."""
        if self.sampler != "grid":
            return self.trials
        return min(self.trials, 1 + len(grid(self.fields, seed=self.seed)))


def run(plan: Plan, objective: Objective) -> Iterator[Tried]:
    """Each trial as it ends, after those that `plan.done` remembers of an attempt before.

    A trial is given up once the mean of its folds so far is worse than the median of the others at
    that fold. One that cannot be fitted with its settings has failed, and the next is tried.
    """
    distributions = {one.name: _distribution(one) for one in plan.fields}
    study = _study(plan, distributions)
    on_grid = _grid_left(plan)
    for number in range(len(plan.done), plan.total):
        if number == 0:
            tried = _tried(number, plan.own, objective, None)
            _tell(study, tried, distributions)
        else:
            if plan.sampler == "grid":
                study.enqueue_trial(dict(next(on_grid)))
            trial = study.ask(distributions)
            tried = _tried(number, dict(trial.params), objective, trial)
            _end(study, trial, tried)
        yield tried


def best(tried: Sequence[Tried], *, better: int) -> Tried | None:
    """The complete trial with the best value, the first of equals; None where none is complete."""
    complete = [one for one in tried if one.value is not None]
    return max(complete, key=lambda one: (better * (one.value or 0.0), -one.number), default=None)


def _study(plan: Plan, distributions: dict[str, BaseDistribution]) -> optuna.Study:
    # Another seed than before: an attempt that goes on must not draw again what was drawn.
    seed = plan.seed + len(plan.done)
    sampler: optuna.samplers.BaseSampler
    if plan.sampler == "tpe":
        sampler = optuna.samplers.TPESampler(seed=seed)
    else:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    study = optuna.create_study(
        direction="maximize" if plan.better > 0 else "minimize",
        sampler=sampler,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP),
    )
    for tried in plan.done:
        _tell(study, tried, distributions)
    return study


def _grid_left(plan: Plan) -> Iterator[Settings]:
    seen = [dict(one.settings) for one in plan.done]
    return (one for one in grid(plan.fields, seed=plan.seed) if one not in seen)


def _distribution(one: Field) -> BaseDistribution:
    if one.search is None:
        return CategoricalDistribution(one.choices)
    low, high = one.search
    if one.type is int:
        return IntDistribution(int(low), int(high), log=one.log and low >= 1)
    return FloatDistribution(float(low), float(high), log=one.log and low > 0)


def _tried(
    number: int, settings: Settings, objective: Objective, trial: optuna.Trial | None
) -> Tried:
    tried = Tried(number=number, settings=settings)
    try:
        for figure in objective(settings):
            tried = replace(tried, folds=(*tried.folds, figure))
            if trial is not None:
                trial.report(sum(tried.folds) / len(tried.folds), len(tried.folds) - 1)
                if trial.should_prune():
                    return replace(tried, state="pruned")
    except RecommenderError as error:
        return replace(tried, state="failed", error=str(error))
    return tried


def _end(study: optuna.Study, trial: optuna.Trial, tried: Tried) -> None:
    if tried.state == "complete":
        study.tell(trial, tried.value)
    elif tried.state == "pruned":
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, state=TrialState.FAIL)


def _tell(study: optuna.Study, tried: Tried, distributions: dict[str, BaseDistribution]) -> None:
    """Let the study know of a trial it did not ask for. One outside the search range, as a
    recommender's own settings may be, teaches it nothing.
    """
    within = set(tried.settings) == set(distributions) and all(
        one._contains(one.to_internal_repr(tried.settings[name]))
        for name, one in distributions.items()
    )
    if tried.state != "failed" and within:
        study.add_trial(_frozen(tried, distributions))


def _frozen(tried: Tried, distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    means = [sum(tried.folds[: n + 1]) / (n + 1) for n in range(len(tried.folds))]
    return create_trial(
        state=TrialState.COMPLETE if tried.state == "complete" else TrialState.PRUNED,
        value=tried.value,
        params=dict(tried.settings),
        distributions=distributions,
        intermediate_values=dict(enumerate(means)),
    )


def settings_of(fields: Sequence[Field], values: Settings) -> dict[str, Value]:
    """Those of the values that a search over these fields varies."""
    return {one.name: values[one.name] for one in fields}
