"""Which p a reading uses, and how wide its interval is, once there are several goals or arms."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.metrics import METRICS, ScorecardSpec, Tracked
from experiments.metrics.correcting import Shown, corrected
from experiments.metrics.results import JudgedLook

MakeSpec = Callable[..., ScorecardSpec]

GOALS = (
    Tracked(metric=METRICS["ctr"], role="goal"),
    Tracked(metric=METRICS["clicked"]),
    Tracked(metric=METRICS["conversion"], role="goal"),
    Tracked(metric=METRICS["revenue_per_user"], role="goal"),
)
NOW, EARLIER = JudgedLook(p_value=0.3, effect=0.1), JudgedLook(p_value=0.01, effect=0.2)


def shown(p_value: float | None, e_value: float | None = None) -> Shown:
    return Shown(judged=EARLIER, now=NOW, p_value=p_value, e_value=e_value)


@pytest.mark.parametrize(
    ("p_values", "stepped", "confidence"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06], [1 - 0.05 / 3] * 3),
        ([0.01, 0.02, 0.02], [0.03, 0.04, 0.04], [1 - 0.05 / 3, 0.975, 0.95]),
        ([0.5, 0.6, 0.7], [1.0, 1.0, 1.0], [1 - 0.05 / 3] * 3),
        ([0.02, None, 0.5], [0.06, None, 1.0], [1 - 0.05 / 3] * 3),
    ],
)
def test_holm_steps_down_over_the_goals_alone(
    make_spec: MakeSpec,
    p_values: list[float | None],
    stepped: list[float | None],
    confidence: list[float],
) -> None:
    spec = make_spec(metrics=GOALS)
    goals = ("ctr", "conversion", "revenue_per_user")
    given = {(key, 0): shown(p) for key, p in zip(goals, p_values, strict=True)}
    found = corrected(spec, given | {("clicked", 0): shown(0.04)})

    assert [found[key, 0].adjusted_p_value for key in goals] == pytest.approx(stepped)
    assert [found[key, 0].confidence for key in goals] == pytest.approx(confidence)
    assert {found[key, 0].judged for key in goals} == {EARLIER}
    assert (found["clicked", 0].adjusted_p_value, found["clicked", 0].confidence) == (0.04, 0.95)


def test_e_bh_goes_by_this_look_and_is_milder_where_it_finds(make_spec: MakeSpec) -> None:
    spec = make_spec(metrics=GOALS, correction="e_bh")
    found = corrected(
        spec,
        {
            ("ctr", 0): shown(0.001, 120.0),
            ("conversion", 0): shown(0.001, 31.0),
            ("revenue_per_user", 0): shown(0.5, 0.5),
            ("clicked", 0): shown(0.04, 25.0),
        },
    )

    # K / (j e_(j)): 3 / 120, 3 / 62, and 3 / 1.5 cut at 1.
    adjusted = [found[key, 0].adjusted_p_value for key in ("ctr", "conversion", "revenue_per_user")]
    assert adjusted == pytest.approx([3 / 120, 3 / 62, 1.0])
    assert found["ctr", 0].confidence == pytest.approx(1 - 0.05 * 2 / 3)
    assert found["ctr", 0].judged == NOW
    assert (found["clicked", 0].judged, found["clicked", 0].confidence) == (EARLIER, 0.95)


@pytest.mark.parametrize("change", [{"correction": "none"}, {"method": "bayesian"}])
def test_without_a_correction_nothing_changes(make_spec: MakeSpec, change: dict[str, Any]) -> None:
    spec = make_spec(metrics=GOALS, **change)
    given = {(tracked.metric.key, 0): shown(0.02, 5.0) for tracked in GOALS}

    for found in corrected(spec, given).values():
        assert (found.adjusted_p_value, found.confidence, found.judged) == (0.02, 0.95, EARLIER)
