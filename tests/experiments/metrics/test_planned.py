"""Before the planned users have come: what a method of one look says, and what a window delays."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from experiments.metrics import METRICS, Scorecard, ScorecardSpec, Tracked, scorecard
from experiments.metrics.measures import Window
from experiments.stats import ProportionSample, Settings, compare
from tests.experiments.metrics.conftest import START

MakeSpec = Callable[..., ScorecardSpec]
DAY = 86_400

CLICKED = Tracked(metric=METRICS["clicked"], role="goal")
WITHIN_A_WEEK = Tracked(
    metric=replace(METRICS["conversion"], key="conversion_7", window=Window(until_days=7.0)),
    role="goal",
)


def fill(log: Any, users: int = 300) -> None:
    """Half of each arm's users come on day 0, the others on day 6. B clicks more; of B those who
    come late hardly buy, which shows only once their week has passed.
    """
    for i in range(users):
        at = 0 if i < users // 2 else 6 * DAY
        for variant, every in (("A", 3), ("B", 2)):
            request = log.serve(f"{variant}{i}", variant, "abc", at=at)
            if i % every == 0:
                log.click(f"{variant}{i}", request, "a", at=at + 5)
            if i % (2 if variant == "A" or not at else 10) == 0:
                log.event("purchase", f"{variant}{i}", at=at + 60, value=1.0)


def card(
    log: Any, make_spec: MakeSpec, days: float, previous: Any = None, **given: Any
) -> Scorecard:
    spec = make_spec(as_of=START + timedelta(days=days), **({"tuning": 600.0} | given))
    return scorecard(log.exposures, log.events, spec, previous=previous)


@pytest.mark.parametrize("method", ["fixed", "bayesian"])
def test_a_method_of_one_look_says_nothing_before_the_planned_users(
    log: Any, make_spec: MakeSpec, method: str
) -> None:
    fill(log)
    early = card(log, make_spec, 8, metrics=(CLICKED,), method=method, tuning=601.0)
    due = card(log, make_spec, 8, metrics=(CLICKED,), method=method)

    [waiting], [judged] = (c.metric("clicked").comparisons for c in (early, due))
    assert (waiting.reading, waiting.judged) == ("not_due", None)
    assert (early.decision.state, early.decision.rule) == ("keep_running", "one_look_not_due")
    assert (judged.reading, due.decision.state) == ("better", "ship")
    assert judged.judged is not None


def test_the_first_look_with_the_planned_users_stands(log: Any, make_spec: MakeSpec) -> None:
    fill(log)
    first = card(log, make_spec, 8, metrics=(CLICKED,), method="fixed")
    for i in range(300, 400):
        for variant in "AB":
            log.serve(f"{variant}{i}", variant, "abc", at=9 * DAY)

    later = card(log, make_spec, 10, first, metrics=(CLICKED,), method="fixed")

    expected: Any = compare(
        ProportionSample(300, 100),
        ProportionSample(300, 150),
        Settings(method="fixed", scale="absolute"),
    )
    [found] = later.metric("clicked").comparisons
    assert found.p_value == pytest.approx(expected.p_value, rel=1e-12)
    assert found.judged == first.metric("clicked").comparisons[0].judged
    this_look = found.result("fixed", "absolute").p_value
    assert this_look is not None
    assert this_look > expected.p_value


@pytest.mark.parametrize("method", ["sequential", "fixed"])
def test_an_open_window_is_waited_for(log: Any, make_spec: MakeSpec, method: str) -> None:
    fill(log)
    both = {"metrics": (CLICKED, WITHIN_A_WEEK), "method": method}

    early, late = (card(log, make_spec, days, **both) for days in (8, 14))

    assert early.metric("conversion_7").immature == (150, 150)
    if method == "fixed":
        assert early.metric("conversion_7").comparisons[0].reading == "not_due"
        assert (early.decision.state, early.decision.rule) == ("keep_running", "one_look_not_due")
    assert late.metric("conversion_7").comparisons[0].reading == "worse"
    assert (late.decision.state, late.decision.rule) == ("inconclusive", "goals_disagree")


def test_without_an_answer_a_window_keeps_it_running(log: Any, make_spec: MakeSpec) -> None:
    fill(log)
    alone = {"metrics": (WITHIN_A_WEEK,), "confidence": 0.9999}

    assert card(log, make_spec, 8, **alone).decision.state == "keep_running"
