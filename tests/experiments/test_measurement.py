"""What can be chosen to measure an experiment by, and what comes along."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from experiments.exceptions import Invalid
from experiments.measurement import Guarded, Measurement, check, faults
from experiments.metrics import METRICS

CTR = Measurement(goals=("ctr",))


def test_what_explains_and_what_is_watched_comes_along() -> None:
    measurement = Measurement(
        goals=("conversion", "ctr"),
        secondaries=("clicked",),
        guardrails=(Guarded(metric="revenue_per_user", margin=0.02), Guarded(metric="slow_slates")),
    )

    tracked = measurement.tracked(METRICS)

    assert [(t.metric.key, t.role, t.margin, t.required) for t in tracked] == [
        ("conversion", "goal", None, True),
        ("ctr", "goal", None, True),
        ("clicked", "secondary", None, True),
        ("clicks_per_user", "secondary", None, True),
        ("impressions_per_user", "secondary", None, True),
        ("revenue_per_user", "guardrail", 0.02, True),
        ("slow_slates", "guardrail", 0.05, True),
        ("fallback_rate", "guardrail", 0.1, False),
        ("unattributed_clicks", "guardrail", 0.1, False),
    ]
    assert {t.metric.key for t in tracked} == set(measurement.needed)


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"goals": ()}, "goals", "Choose the metric that decides."),
        ({"goals": ("luck",)}, "goals/0", "Choose one of ctr,"),
        (
            {"goals": tuple(METRICS)[:6]},
            "goals",
            "Choose at most 5 goals.",
        ),
        ({"goals": ("ctr", "luck")}, "goals/1", "Choose one of ctr,"),
        ({"goals": ("ctr", "ctr")}, "goals/1", "ctr: a metric is a goal, a secondary or"),
        ({"secondaries": ("luck",)}, "secondaries/0", "Choose one of ctr,"),
        ({"secondaries": ("ctr",)}, "secondaries/0", "ctr: a metric is a goal, a secondary or"),
        ({"guardrails": (Guarded(metric="luck"),)}, "guardrails/0/metric", "Choose one of ctr,"),
        (
            {"guardrails": (Guarded(metric="ctr"),)},
            "guardrails/0/metric",
            "ctr: a metric is a goal,",
        ),
        (
            {"guardrails": (Guarded(metric="clicked", margin=0.0),)},
            "guardrails/0/margin",
            "Give a margin above 0% and below 100%.",
        ),
        ({"planned_users": 199}, "planned_users", "Give a number of users from 200 to"),
        ({"confidence": 0.5}, "confidence", "Give a confidence from 80% to 99.9%."),
        ({"lookback_days": 91}, "lookback_days", "Give 0 to 90 days."),
        ({"cuped": True}, "cuped", "CUPED needs days before the first exposure"),
        (
            {"correction": "e_bh", "method": "bayesian"},
            "correction",
            "e-BH needs the sequential method",
        ),
        ({"segments": ("a", "a")}, "segments", "Name each attribute once."),
        ({"segments": ("x" * 65,)}, "segments", "Give each attribute's name in 1 to 64"),
        ({"segments": ("a\0",)}, "segments", "Give each attribute's name in 1 to 64"),
        ({"segments": tuple("abcdef")}, "segments", "Choose at most 5 attributes."),
    ],
)
def test_what_could_never_start_is_refused_at_its_field(
    change: dict[str, Any], field: str, message: str
) -> None:
    check(CTR, METRICS)

    with pytest.raises(Invalid) as refused:
        check(replace(CTR, **change), METRICS)

    assert refused.value.field == field
    assert refused.value.message.startswith(message)


def test_all_that_is_wrong_is_told_and_the_first_is_raised() -> None:
    wrong = replace(CTR, planned_users=1, confidence=0.5, cuped=True, segments=("a", "a"))

    assert [fault.field for fault in faults(wrong, METRICS)] == [
        "planned_users",
        "confidence",
        "segments",
        "cuped",
    ]
    assert faults(CTR, METRICS) == ()
    with pytest.raises(Invalid, match="Give a number of users"):
        check(wrong, METRICS)
