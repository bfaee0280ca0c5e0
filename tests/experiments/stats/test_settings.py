"""Settings: the defaults, and that every value outside its range is refused by name."""

from typing import Any

import numpy as np
import pytest

from experiments.stats import BetaPrior, NormalPrior, Settings, SettingsError


def test_the_default_is_always_valid_two_sided_and_relative() -> None:
    settings = Settings()
    assert (settings.method, settings.alternative) == ("sequential", "two-sided")
    assert (settings.scale, settings.interval) == ("relative", "fieller")
    assert (settings.confidence, settings.tuning, settings.margin) == (0.95, 5000, 0.0)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"confidence": 1.0}, "confidence"),
        ({"confidence": 0.5}, "confidence"),
        ({"confidence": 95}, "confidence"),
        ({"confidence": float("nan")}, "confidence"),
        ({"confidence": "0.95"}, "confidence"),
        ({"confidence": True}, "confidence"),
        ({"tuning": 0}, "tuning"),
        ({"tuning": -1}, "tuning"),
        ({"tuning": float("inf")}, "tuning"),
        ({"tuning": None}, "tuning"),
        ({"scale": "percent"}, "scale"),
        ({"method": "bayes"}, "method"),
        ({"method": "bayesian", "prior": 0.3}, "prior"),
        ({"method": "bayesian", "margin": 0.1, "alternative": "greater"}, "margin"),
        ({"prior": BetaPrior()}, "prior"),
        ({"method": "fixed", "prior": NormalPrior(sd=0.1)}, "prior"),
        ({"interval": "bootstrap"}, "interval"),
        ({"alternative": "larger"}, "alternative"),
        ({"margin": -0.1, "alternative": "greater"}, "margin"),
        ({"margin": 1.0, "alternative": "greater"}, "margin"),
        ({"margin": float("nan"), "alternative": "greater"}, "margin"),
        ({"margin": 0.1}, "margin"),
    ],
)
def test_a_value_outside_its_range_is_refused_by_name(given: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings(**given)
    assert refused.value.field == field
    assert isinstance(refused.value, ValueError)


def test_an_absolute_margin_may_exceed_one() -> None:
    settings = Settings(scale="absolute", alternative="less", margin=12.5)
    assert settings.null == 12.5


def test_a_margin_moves_the_null_to_the_side_of_harm() -> None:
    assert Settings(alternative="greater", margin=0.02).null == -0.02
    assert Settings(alternative="less", margin=0.02).null == 0.02
    assert Settings().null == 0.0


def test_numpy_numbers_are_numbers() -> None:
    planned: Any = np.int64(700)
    assert Settings(tuning=planned).tuning == 700


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), "1", True, None])
def test_a_prior_that_is_no_distribution_is_refused(value: Any) -> None:
    priors: list[Any] = [
        lambda: BetaPrior(successes=value),
        lambda: BetaPrior(failures=value),
        lambda: NormalPrior(sd=value),
    ]
    for prior in priors:
        with pytest.raises(SettingsError) as refused:
            prior()
        assert refused.value.field == "prior"
    with pytest.raises(SettingsError):
        NormalPrior(mean=float("nan"), sd=1)
