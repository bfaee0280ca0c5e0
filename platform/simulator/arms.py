"""The arms of an experiment as they are served, and what was measured of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from experiments import selectors
from experiments.metrics import Scorecard
from experiments.models import Experiment
from recommenders.algorithms import Algorithm, load
from serving.engine import Question, answer
from simulator.exceptions import SimulatorError
from simulator.truth import Rank, TrueArm
from simulator.visit import SLATE

METRIC = "ctr"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The always-valid relative interval of a variant's CTR; an end that is None is open."""

    lift: float | None
    low: float | None
    high: float | None

    @property
    def exists(self) -> bool:
        return self.lift is not None and (self.low is not None or self.high is not None)

    def holds(self, value: float) -> bool:
        """Whether the interval contains a lift."""
        above = self.low is None or self.low <= value
        return above and (self.high is None or value <= self.high)


def find(key: str | None, placement: str) -> Experiment:
    """The experiment of a key, or the newest that runs on a placement. Raises SimulatorError."""
    if key is not None:
        found = Experiment.objects.filter(key=key).first()
        if found is None:
            known = ", ".join(Experiment.objects.values_list("key", flat=True)) or "none yet"
            raise SimulatorError(f"There is no experiment “{key}”. There are: {known}.")
        return found
    running = Experiment.objects.filter(
        placement__key=placement, status=Experiment.Status.RUNNING
    ).first()
    if running is None:
        raise SimulatorError(
            f"No experiment runs on “{placement}”: name one with --experiment KEY."
        )
    return running


def ranks(experiment: Experiment, models_dir: Path) -> dict[str, Rank]:
    """Per variant, control first, what it serves; from the live model versions, as serving does."""
    arms: dict[str, Rank] = {}
    for variant in experiment.variants.select_related("recommender__live"):
        live = variant.recommender.live
        if live is None:
            raise SimulatorError(
                f"{variant.recommender.key} has no trained model yet: "
                f"run `manage.py train {variant.recommender.key}`."
            )
        arms[variant.key] = partial(_rank, load(models_dir / live.folder))
    return arms


def _rank(model: Algorithm[Any], user: str, history: Sequence[str]) -> list[str]:
    question = Question(user=user, k=SLATE, history=list(history), exclude=())
    return [ranked.item for ranked in answer(model, question)]


def measured(experiment: Experiment) -> dict[str, Measured]:
    """Per treatment what the latest snapshot says of CTR; empty before the first."""
    snapshot = selectors.latest_snapshot(experiment)
    return {} if snapshot is None else _of(selectors.scorecard_of(snapshot))


def _of(scorecard: Scorecard) -> dict[str, Measured]:
    results = {
        comparison.variant: comparison.result("sequential", "relative")
        for comparison in scorecard.metric(METRIC).comparisons
    }
    return {
        variant: Measured(lift=result.effect, low=result.low, high=result.high)
        for variant, result in results.items()
    }


def table(arms: Sequence[TrueArm], results: dict[str, Measured]) -> list[str]:
    """Truth beside measurement, a line an arm."""
    lines = [f"{'variant':<16}{'true CTR':>16}{'true lift':>20}{'measured lift':>16}  95% interval"]
    return lines + [_line(arm, results.get(arm.variant)) for arm in arms]


def _line(arm: TrueArm, result: Measured | None) -> str:
    rate = f"{arm.ctr:.3%} ± {arm.ctr_error:.3%}"
    line = f"{arm.variant:<16}{rate:>16}"
    if arm.lift is None or arm.lift_error is None:
        return f"{line}{'control':>20}"
    line += f"{f'{arm.lift:+.1%} ± {arm.lift_error:.1%}':>20}"
    if result is None or not result.exists:
        return f"{line}{'none yet':>16}"
    low = "-inf" if result.low is None else f"{result.low:+.1%}"
    high = "inf" if result.high is None else f"{result.high:+.1%}"
    verdict = "holds the truth" if result.holds(arm.lift) else "MISSES the truth"
    return f"{line}{f'{result.lift:+.1%}':>16}  {low} to {high}, {verdict}"
