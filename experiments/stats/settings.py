"""How a comparison is made: one frozen value, checked when it is built."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Literal, get_args

from experiments.stats.exceptions import SettingsError
from experiments.stats.priors import BetaPrior, NormalPrior, Prior

Scale = Literal["relative", "absolute"]
Method = Literal["sequential", "fixed", "bayesian"]
IntervalKind = Literal["fieller", "delta"]
Alternative = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Raises SettingsError, which names the field, for a value outside its range.

    confidence   above .5 and below 1; alpha = 1 - confidence
    scale        `relative`: effect = treatment / control - 1; `absolute`: treatment - control
    method       `sequential`: valid at every look; `fixed`: valid at one look planned beforehand;
                 `bayesian`: a posterior, which has no p and promises nothing about peeking
    interval     of the relative scale: `fieller`, which agrees with the absolute test, or `delta`,
                 which brings its own p. Of no concern to `bayesian`
    alternative  the direction to be shown; one-sided intervals are open at the other end
    margin       non-inferiority margin >= 0 on the effect's scale (relative: below 1). `greater`
                 shows effect > -margin, `less` shows effect < margin; `two-sided` takes none,
                 nor does `bayesian`, which tests nothing
    tuning       of the sequential method: the planned users of both arms together, > 0, frozen at
                 launch. The interval is tightest about there
    prior        of `bayesian` only. Shares: a BetaPrior, by default Beta(1, 1), or a NormalPrior.
                 All else: a NormalPrior on the effect, by default as weak as one user per arm
    """

    confidence: float = 0.95
    scale: Scale = "relative"
    method: Method = "sequential"
    interval: IntervalKind = "fieller"
    alternative: Alternative = "two-sided"
    margin: float = 0.0
    tuning: float = 5000
    prior: Prior | None = None

    def __post_init__(self) -> None:
        self._require_choice("scale", get_args(Scale))
        self._require_choice("method", get_args(Method))
        self._require_choice("interval", get_args(IntervalKind))
        self._require_choice("alternative", get_args(Alternative))
        self._require_number("confidence", "must lie above 0.5 and below 1", low=0.5, high=1.0)
        self._require_number("tuning", "must be a number of users above 0", low=0.0)
        self._require_margin()
        self._require_prior()

    @property
    def alpha(self) -> float:
        """The type-I error rate, 1 - confidence, unsplit between sides."""
        return 1 - self.confidence

    @property
    def null(self) -> float:
        """The effect the test tries to exclude: 0, or the far end of the margin."""
        return -self.margin if self.alternative == "greater" else self.margin

    def _require_choice(self, field: str, allowed: tuple[str, ...]) -> None:
        value = getattr(self, field)
        if value not in allowed:
            raise SettingsError(field, f"must be one of {', '.join(allowed)}, not {value!r}")

    def _require_number(
        self, field: str, message: str, *, low: float, high: float = math.inf
    ) -> None:
        value = getattr(self, field)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise SettingsError(field, f"{message}, not {value!r}")
        if not low < float(value) < high:
            raise SettingsError(field, f"{message}, not {value!r}")

    def _require_margin(self) -> None:
        if self.margin == 0:
            return
        limit = 1.0 if self.scale == "relative" else math.inf
        size = "0 or more, and below 1 on the relative scale"
        self._require_number("margin", f"must be {size}", low=0.0, high=limit)
        if self.alternative == "two-sided":
            raise SettingsError("margin", "needs alternative `greater` or `less`: it has one side")
        if self.method == "bayesian":
            raise SettingsError("margin", "must be 0 with method `bayesian`, which tests nothing")

    def _require_prior(self) -> None:
        if self.prior is None:
            return
        if not isinstance(self.prior, BetaPrior | NormalPrior):
            raise SettingsError(
                "prior", f"must be a BetaPrior or a NormalPrior, not {self.prior!r}"
            )
        if self.method != "bayesian":
            raise SettingsError("prior", "belongs to method `bayesian` only")


def require_settings(given: object) -> None:
    """Raise SettingsError unless `given` is a Settings."""
    if not isinstance(given, Settings):
        raise SettingsError("settings", f"must be a Settings, not {given!r}")
