"""How users are spread: known by construction, and against NumPy on users of chance."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments.metrics import Metric, ScorecardSpec, Tracked, scorecard
from experiments.metrics.measures import Clicks, Events, Items
from experiments.metrics.results import MetricResult, Spread
from experiments.metrics.results.spread import QUANTILES
from experiments.metrics.spreading import MOST_BINS, bins_of

MakeSpec = Callable[..., ScorecardSpec]

SPENT = Metric(
    key="spent",
    name="Spent",
    kind="mean",
    numerator=Events(type="purchase", aggregation="sum"),
    winsorise=0.9,
)
PLAIN = Metric(
    key="plain", name="Spent", kind="mean", numerator=Events(type="purchase", aggregation="sum")
)
OWN_CTR = Metric(key="own_ctr", name="CTR", kind="ratio", numerator=Clicks(), denominator=Items())


def result(log: Any, spec: ScorecardSpec, key: str) -> MetricResult:
    return scorecard(log.exposures, log.events, spec).metric(key)


def spread(log: Any, spec: ScorecardSpec, key: str) -> Spread:
    found = result(log, spec, key).spread
    assert found is not None
    return found


def test_whole_numbers_have_a_bin_each(log: Any, make_spec: MakeSpec) -> None:
    for user, arm, clicks in (("u", "A", 0), ("v", "A", 2), ("w", "B", 2), ("x", "B", 3)):
        request = log.serve(user, arm, "abcd")
        for item in "abcd"[:clicks]:
            log.click(user, request, item)

    found = spread(log, make_spec(distributions=True), "clicks_per_user")

    assert (found.low, found.step, found.open, found.whole) == (0.0, 1.0, False, True)
    a, b = found.arms
    assert (a.counts, b.counts) == ((1, 0, 1, 0), (0, 0, 1, 1))
    assert (a.users, a.zeros, a.largest) == (2, 1, 2.0)
    assert (b.users, b.zeros, b.largest) == (2, 0, 3.0)


def test_a_ratio_is_each_users_own_and_of_those_with_a_denominator(
    log: Any, make_spec: MakeSpec
) -> None:
    request = log.serve("u", "A", "abcd")
    log.click("u", request, "a")
    log.serve("nothing", "A", "")
    log.serve("v", "B", "ab")

    found = spread(log, make_spec(distributions=True), "ctr")

    assert [arm.users for arm in found.arms] == [1, 1]
    assert found.arms[0].quantiles == (0.25,) * len(QUANTILES)
    assert found.arms[1].zeros == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_and_quantiles_are_those_of_numpy(seed: int, log: Any, make_spec: MakeSpec) -> None:
    chance = random.Random(seed)
    values: dict[str, list[float]] = {"A": [], "B": []}
    for n in range(300):
        arm = chance.choice("AB")
        log.serve(f"u{n}", arm, "a")
        spent = round(chance.lognormvariate(3, 2), 2) if chance.random() < 0.4 else 0.0
        values[arm].append(spent)
        if spent:
            log.event("purchase", f"u{n}", value=spent)

    found = spread(log, make_spec(distributions=True, metrics=("ctr", SPENT)), "spent")

    every = values["A"] + values["B"]
    edges = found.low + found.step * np.arange(len(found.arms[0].counts) + 1)
    assert (found.open, found.whole) == (True, False)
    edges[-1] = max(every) + 1
    for held in found.arms:
        own = values[held.variant]
        assert held.counts == tuple(np.histogram(own, edges)[0])
        expected = np.quantile(own, QUANTILES, method="inverted_cdf")
        assert held.quantiles == pytest.approx(tuple(expected))
        assert (held.users, held.zeros) == (len(own), own.count(0.0))
    assert len(found.arms[0].counts) <= MOST_BINS


def test_a_cap_is_told_with_what_there_is_without(log: Any, make_spec: MakeSpec) -> None:
    for n in range(40):
        log.serve(f"u{n}", "AB"[n % 2], "a")
        log.event("purchase", f"u{n}", value=1000.0 if n == 1 else 1.0 + n % 3)
    spec = make_spec(distributions=True, metrics=("ctr", SPENT, PLAIN))
    card = scorecard(log.exposures, log.events, spec)

    capped, plain = card.metric("spent"), card.metric("plain")

    assert capped.uncapped[0].variant == "B"
    assert capped.uncapped[0].results == tuple(
        r for r in plain.comparisons[0].results if r.method != "bayesian"
    )
    assert capped.uncapped[0].results != capped.comparisons[0].results
    assert capped.spread == plain.spread
    assert plain.uncapped == ()


def test_yes_or_no_has_no_spread_and_unasked_there_is_none(log: Any, make_spec: MakeSpec) -> None:
    log.serve("u", "A", "ab")

    assert result(log, make_spec(distributions=True), "clicked").spread is None
    assert result(log, make_spec(), "clicks_per_user").spread is None


def test_before_the_first_user_there_is_no_spread(log: Any, make_spec: MakeSpec) -> None:
    spec = make_spec(distributions=True, metrics=(Tracked(metric=OWN_CTR, role="goal"),))

    assert result(log, spec, "own_ctr").spread is None


@pytest.mark.parametrize(
    ("low", "high", "whole", "expected"),
    [
        (0, 0, True, (0.0, 1.0, 1)),
        (0, 3, True, (0.0, 1.0, 4)),
        (0, 100, True, (0.0, 5.0, 21)),
        (3, 28, True, (0.0, 1.0, 29)),
        (0, 0.28, False, (0.0, 0.01, 29)),
        (0, 0.3, False, (0.0, 0.02, 16)),
        (-7, 20, False, (-7.0, 1.0, 28)),
        (0, 1e6, False, (0.0, 50_000.0, 21)),
    ],
)
def test_bins_are_round_and_few(
    low: float, high: float, whole: bool, expected: tuple[float, float, int]
) -> None:
    assert bins_of(low, high, whole=whole) == pytest.approx(expected)
