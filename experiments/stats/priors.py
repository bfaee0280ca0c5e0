"""What is believed before the data: proper priors only, distributions that one could draw from."""

import math
from dataclasses import dataclass
from numbers import Real

from experiments.stats.exceptions import SettingsError


@dataclass(frozen=True, kw_only=True)
class BetaPrior:
    """Beta(successes, failures) on each arm's share, arms independent. Both above 0.

    Read it as users seen before the start: the default is one who did and one who did not, under
    which every share is equally likely. Raises SettingsError for any other value.
    """

    successes: float = 1.0
    failures: float = 1.0

    def __post_init__(self) -> None:
        require_above_zero("successes", self.successes)
        require_above_zero("failures", self.failures)


@dataclass(frozen=True, kw_only=True)
class NormalPrior:
    """Normal(mean, sd) on the effect, in units of the settings' scale. sd above 0, both finite.

    On the relative scale NormalPrior(mean=0, sd=.1) says that about two effects in three lie
    between -10% and +10%. Raises SettingsError for any other value.
    """

    mean: float = 0.0
    sd: float

    def __post_init__(self) -> None:
        if not is_finite(self.mean):
            raise SettingsError("prior", f"mean must be a finite number, not {self.mean!r}")
        require_above_zero("sd", self.sd)


Prior = BetaPrior | NormalPrior


def require_above_zero(part: str, value: object) -> None:
    """Raise SettingsError for `prior` unless its part is a finite number above 0."""
    if not is_finite(value) or not value > 0:  # type: ignore[operator]
        raise SettingsError("prior", f"{part} must be a finite number above 0, not {value!r}")


def is_finite(value: object) -> bool:
    """Whether it is a number (bools are not) and finite."""
    return not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
