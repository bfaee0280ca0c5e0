"""Goals judged a second time by drawing their users again."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments.metrics import (
    METRICS,
    InvalidSpec,
    Metric,
    PhaseSpec,
    ScorecardSpec,
    Tracked,
    scorecard,
)
from experiments.metrics.measures import Events
from experiments.metrics.redrawing import SEED
from experiments.metrics.results import Redrawn
from experiments.stats import Settings, UserValues, bootstrap, permutation
from tests.experiments.metrics.conftest import seconds

MakeSpec = Callable[..., ScorecardSpec]

SPEND = Metric(
    key="spend",
    name="Spend",
    kind="mean",
    numerator=Events(type="purchase", aggregation="sum"),
    winsorise=0.95,
)
GOALS = (
    Tracked(metric=METRICS["ctr"], role="goal"),
    Tracked(metric=METRICS["clicked"], role="goal"),
    Tracked(metric=SPEND, role="goal"),
    Tracked(metric=METRICS["clicks_per_user"]),
)


def fill(log: Any) -> dict[str, list[list[float]]]:
    """Users with one or two slates, clicks and money; returns clicks, items and money per user."""
    rng = np.random.default_rng(3)
    done: dict[str, list[list[float]]] = {"A": [], "B": []}
    for variant, rate in (("A", 0.3), ("B", 0.5)):
        for i in range(150):
            user, clicks, slates = f"{variant}{i}", 0, 1 + i % 2
            for _slate in range(slates):
                request = log.serve(user, variant, "abcd", at=i % 100)
                if rng.random() < rate:
                    log.click(user, request, "b", at=i % 100 + 1)
                    clicks += 1
            money = float(rng.integers(1, 100)) if rng.random() < rate else 0.0
            if money:
                log.event("purchase", user, at=200, value=money)
            done[variant].append([clicks, 4 * slates, money])
    return done


def test_the_check_is_that_of_the_users_themselves(log: Any, make_spec: MakeSpec) -> None:
    done = fill(log)
    spec = make_spec(metrics=GOALS, resamples=400)

    card = scorecard(log.exposures, log.events, spec)

    a, b = (np.array(sorted(map(tuple, done[variant]))) for variant in "AB")
    money = np.concatenate([a[:, 2], b[:, 2]])
    cap = np.sort(money)[int(np.ceil(0.95 * money.size)) - 1]
    values = {
        "ctr": [UserValues(values=arm[:, 0], denominator=arm[:, 1]) for arm in (a, b)],
        "clicked": [
            UserValues(values=np.sort((arm[:, 0] > 0).astype(np.float64))) for arm in (a, b)
        ],
        "spend": [UserValues(values=np.sort(np.minimum(arm[:, 2], cap))) for arm in (a, b)],
    }
    for key, arms in values.items():
        rng = np.random.default_rng(SEED)
        settings = Settings(method="fixed", scale="absolute")
        drawn = bootstrap(*arms, rng=rng, settings=settings, resamples=400)
        dealt = permutation(*arms, rng=rng, resamples=400)
        first, second = card.metric(key).comparisons[0].redrawn
        assert (first.method, first.drawn, first.p_value) == ("bootstrap", 400, drawn.p_value)
        assert (first.effect, first.low, first.high) == pytest.approx(
            (drawn.effect, drawn.low, drawn.high)
        )
        assert (second.method, second.p_value, second.low) == ("permutation", dealt.p_value, None)
        fixed = card.metric(key).comparisons[0].result("fixed", "absolute")
        assert first.effect == pytest.approx(fixed.effect)
    assert card.metric("clicks_per_user").comparisons[0].redrawn == ()
    assert scorecard(log.exposures, log.events, spec) == card


def test_without_users_there_is_a_reason(log: Any, make_spec: MakeSpec) -> None:
    card = scorecard(log.exposures, log.events, make_spec(resamples=200))

    assert card.metric("ctr").comparisons[0].redrawn == (
        Redrawn(method="bootstrap", reason="too_few_users"),
        Redrawn(method="permutation", reason="too_few_users"),
    )


def test_nothing_is_drawn_unless_asked_for(log: Any, make_spec: MakeSpec) -> None:
    fill(log)

    card = scorecard(log.exposures, log.events, make_spec())

    assert card.metric("ctr").comparisons[0].redrawn == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resamples": 199}, "resamples must be 0, or from 200 to 100,000."),
        ({"resamples": -1}, "resamples must be 0, or from 200 to 100,000."),
        (
            {
                "resamples": 200,
                "phases": tuple(
                    PhaseSpec(number=n, started_at=seconds(60 * n), weights=(1, 1)) for n in (1, 2)
                ),
            },
            "resamples needs a single phase: users of several are not drawn together.",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    make_spec: MakeSpec, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSpec) as refused:
        make_spec(**change)

    assert str(refused.value) == message
