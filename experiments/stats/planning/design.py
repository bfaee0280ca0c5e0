"""What is planned: the baseline, the arms, the test that will be made, and the truth it meets."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Protocol

import numpy as np

from experiments.stats.arrays import Array, Bools, Number, values
from experiments.stats.cuped_samples import CupedRatioSample, CupedSample
from experiments.stats.exceptions import SettingsError
from experiments.stats.floor import PRECISION_NEEDED, USERS_NEEDED
from experiments.stats.intervals import Arms
from experiments.stats.reasons import Reason
from experiments.stats.samples import ProportionSample
from experiments.stats.settings import Settings


class Baseline(Protocol):
    """What a plan needs of a sample, of whatever kind: mean and variance of one user.

    One that carries a pre-period says itself what CUPED will leave of the variance.
    """

    @property
    def mean(self) -> Number: ...

    @property
    def variance(self) -> Number: ...


@dataclass(frozen=True, kw_only=True)
class Design:
    """Raises SettingsError, which names the field, for a value outside its range.

    baseline         the metric without the treatment, of one sample (no arrays)
    weights          traffic of the arms in any unit, control first; the plan is for the smallest
                     treatment against control
    settings         the test; its `tuning` is not read, because the planned users are the tuning
    variance_factor  what is left of the variance: 1 - rho^2 of a CUPED that `baseline` does not
                     hold yet; above 0, at most 1
    comparisons      hypotheses that Holm corrects over: its first step, alpha / comparisons, is
                     planned for. None: one per treatment
    looks            of a sequential test: how many, evenly spaced in users, up to the planned ones
    """

    baseline: Baseline
    weights: tuple[float, ...] = (1.0, 1.0)
    settings: Settings = Settings()  # noqa: RUF009 - frozen
    variance_factor: float = 1.0
    comparisons: int | None = None
    looks: int = 20

    def __post_init__(self) -> None:
        if np.ndim(self.baseline.mean) or np.ndim(self.baseline.variance):
            raise SettingsError("baseline", "must be one sample, not an array of them")
        if len(self.weights) < 2 or not all(_positive(weight) for weight in self.weights):
            raise SettingsError("weights", "needs at least two arms, each above 0")
        if self.settings.method not in ("fixed", "sequential"):
            raise SettingsError("settings", "must be fixed or sequential to be planned for")
        if not (_positive(self.variance_factor) and self.variance_factor <= 1):
            raise SettingsError("variance_factor", "must be above 0 and at most 1")
        if self.comparisons is not None and not _whole(self.comparisons):
            raise SettingsError("comparisons", "must be a whole number of 1 or more")
        if not (_whole(self.looks) and self.looks <= 100):
            raise SettingsError("looks", "must be a whole number from 1 to 100")

    @property
    def level(self) -> float:
        """The type-I error rate of the comparison planned for."""
        return self.settings.alpha / (self.comparisons or len(self.weights) - 1)

    @property
    def shares(self) -> tuple[float, float]:
        """Of all users: what control and the smallest treatment get."""
        whole = math.fsum(self.weights)
        return self.weights[0] / whole, min(self.weights[1:]) / whole

    @property
    def left(self) -> float:
        """The share of the variance that CUPED leaves: 1 - rho^2; 1 without it."""
        share = self.variance_factor
        if isinstance(self.baseline, CupedSample | CupedRatioSample):
            explained = values(self.baseline.covariance) ** 2
            both = values(self.baseline.pre.variance) * values(self.baseline.variance)
            share *= 1 - float(explained / both) if both > 0 else 1.0
        return share

    def truth(self, effect: Array, users: Array) -> Arms:
        """The arms' true means and squared standard errors with `users` in all arms together.

        A share's variance follows its mean; any other metric keeps the baseline's.
        """
        return self._truth(effect, users, self.left)

    def _truth(self, effect: Array, users: Array, left: float) -> Arms:
        mean = values(self.baseline.mean)
        relative = self.settings.scale == "relative"
        treatment = mean * (1 + effect) if relative else mean + effect
        variance = values(self.baseline.variance) * left
        treated = np.full_like(treatment, variance)
        if isinstance(self.baseline, ProportionSample):
            treated = treatment * (1 - treatment) * left
        control_share, treatment_share = self.shares
        return Arms(
            control=np.broadcast_to(mean, treatment.shape),
            control_error=variance / (users * control_share),
            treatment=treatment,
            treatment_error=treated / (users * treatment_share),
        )

    def floor_users(self, effect: Array) -> Array:
        """Users in all arms from which on both arms are past the floor, were they exact.

        The floor looks at the plain variance: CUPED adds no conversions.
        """
        arms = self._truth(effect, np.ones_like(effect), 1.0)
        needed = np.full_like(effect, USERS_NEEDED / min(self.shares))
        for mean, error in (
            (arms.control, arms.control_error),
            (arms.treatment, arms.treatment_error),
        ):
            precise = np.where(mean == 0, np.inf, PRECISION_NEEDED * error / mean**2)
            needed = np.maximum(needed, precise)
        return needed

    def unanswerable(self, effect: Array) -> dict[Reason, Bools]:
        """Where no plan can be made, whatever the users."""
        mean, variance = values(self.baseline.mean), values(self.baseline.variance)
        relative = self.settings.scale == "relative"
        found = {
            Reason.TOO_FEW_USERS: np.isnan(variance) & ~np.isnan(mean),
            Reason.ZERO_DENOMINATOR: np.isnan(mean),
            Reason.ZERO_VARIANCE: variance == 0,
            Reason.CONTROL_MEAN_NEGATIVE: relative & (mean < 0),
            Reason.BASELINE_MEAN_ZERO: relative & (mean == 0),
        }
        if isinstance(self.baseline, ProportionSample):
            share = self.truth(effect, np.ones_like(effect)).treatment
            found[Reason.IMPOSSIBLE_EFFECT] = (share <= 0) | (share >= 1)
        return {reason: np.broadcast_to(where, effect.shape) for reason, where in found.items()}


def _positive(value: object) -> bool:
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number and 0 < float(value) < math.inf  # type: ignore[arg-type]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
