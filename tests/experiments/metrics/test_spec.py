from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from experiments.metrics import METRICS, ScorecardSpec
from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import InvalidSpec, MetricsError, UnknownMetric


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"control": "B"}, "variants must begin with the control."),
        ({"variants": ("A",)}, "variants needs a control and at least one treatment."),
        ({"variants": ("A", "A")}, "variants names one variant twice."),
        ({"weights": (1.0,)}, "weights needs one figure per variant."),
        ({"weights": (1.0, 0.0)}, "weights must all be above 0."),
        ({"weights": (1.0, float("nan"))}, "weights must all be above 0."),
        ({"primary": "clicked", "metrics": ("ctr",)}, "metrics must include the primary metric."),
        ({"metrics": ("ctr", "ctr")}, "metrics names one metric twice."),
        ({"tuning": 0.0}, "tuning must be above 0: it is the planned number of users."),
        ({"confidence": 1.0}, "confidence must lie between 0.5 and 1."),
        ({"started_at": datetime(2026, 3, 1)}, "started_at needs a time zone."),  # noqa: DTZ001
        ({"as_of": datetime(2026, 3, 1)}, "as_of needs a time zone."),  # noqa: DTZ001
    ],
)
def test_a_spec_that_cannot_be_analysed_says_what_to_change(
    make_spec: Callable[..., ScorecardSpec], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidSpec) as refusal:
        make_spec(**change)

    assert str(refusal.value) == message


def test_an_unknown_metric_is_refused_with_the_known_ones(
    make_spec: Callable[..., ScorecardSpec],
) -> None:
    with pytest.raises(UnknownMetric) as refusal:
        make_spec(metrics=("ctr", "gmv"))

    assert isinstance(refusal.value, MetricsError)
    assert str(refusal.value) == f"There is no metric 'gmv'. Known: {', '.join(METRICS)}."


def test_weights_in_any_unit_are_shares(make_spec: Callable[..., ScorecardSpec]) -> None:
    assert make_spec(weights=(30, 10)).shares == (0.75, 0.25)


def test_the_built_in_metrics_are_keyed_by_their_own_key() -> None:
    assert {key: metric.key for key, metric in METRICS.items()} == {
        key: key for key in ("ctr", "clicks_per_user", "impressions_per_user", "clicked")
    }


@pytest.mark.parametrize("change", [{"kind": "mean"}, {"denominator": None}])
def test_a_ratio_and_only_a_ratio_has_a_denominator(change: dict[str, Any]) -> None:
    fields = {name: getattr(METRICS["ctr"], name) for name in Metric.__struct_fields__}

    with pytest.raises(ValueError, match="has a denominator"):
        Metric(**(fields | change))
