"""The metrics everyone has, as data. A new one over existing measures is one more entry here."""

from typing import Any

from experiments.metrics.definitions import Metric
from experiments.metrics.exceptions import UnknownMetric
from experiments.metrics.measures import (
    ClickedSlates,
    Clicks,
    Events,
    Items,
    SeenItems,
    Slates,
    UnattributedClicks,
    Window,
)

SLOW_MS = 200.0
"""A slate slower than this is felt (see `slow_slates`)."""

DAY = 1.0


def slow_slates(slower_than_ms: float = SLOW_MS) -> Metric:
    """The guardrail against slow answers, at a limit of one's own."""
    return Metric(
        key="slow_slates",
        name="Slow slates",
        kind="ratio",
        description=f"Share of slates that took longer than {slower_than_ms:g} ms.",
        direction="decrease",
        format="percent",
        numerator=Slates(slower_than_ms=slower_than_ms),
        denominator=Slates(),
    )


def retention(day: int, *, event: str | None = None) -> Metric:
    """Came back on that day after first exposure: was served a slate, or sent such an event."""
    came = "was served" if event is None else f"sent `{event}`"
    return Metric(
        key=f"retention_day_{day}",
        name=f"Retention, day {day}",
        kind="retention",
        description=f"Share of exposed users who {came} on day {day} after first exposure.",
        format="percent",
        numerator=Slates() if event is None else Events(type=event),
        window=Window(from_days=day * DAY, until_days=(day + 1) * DAY),
    )


def _ratio(key: str, name: str, description: str, **fields: Any) -> Metric:
    return Metric(
        **{"key": key, "name": name, "kind": "ratio", "description": description}
        | {"format": "percent"}
        | fields
    )


_BUILT_IN = (
    _ratio(
        "ctr",
        "CTR",
        "Clicks per item served. Of one slate each item is clicked at most once.",
        numerator=Clicks(),
        denominator=Items(),
    ),
    Metric(
        key="clicks_per_user",
        name="Clicks per user",
        kind="mean",
        description="Clicks on served items, per user exposed.",
        numerator=Clicks(),
    ),
    Metric(
        key="impressions_per_user",
        name="Impressions per user",
        kind="mean",
        description="Items served per user exposed. A change here moves CTR by itself.",
        numerator=Items(),
    ),
    Metric(
        key="clicked",
        name="Users who clicked",
        kind="proportion",
        description="Share of exposed users with at least one click on a served item.",
        format="percent",
        numerator=Clicks(),
    ),
    _ratio(
        "ctr_seen",
        "CTR of items seen",
        "Clicks per item that an impression event says was seen.",
        numerator=Clicks(),
        denominator=SeenItems(),
    ),
    _ratio(
        "slate_ctr",
        "Slate CTR",
        "Share of slates with at least one click.",
        numerator=ClickedSlates(),
        denominator=Slates(),
    ),
    Metric(
        key="conversion",
        name="Conversion",
        kind="proportion",
        description="Share of exposed users who purchased after first exposure.",
        format="percent",
        numerator=Events(type="purchase"),
    ),
    _ratio(
        "add_to_cart_rate",
        "Add-to-cart rate",
        "Items added to the cart after first exposure, per item served.",
        numerator=Events(type="add_to_cart"),
        denominator=Items(),
    ),
    Metric(
        key="revenue_per_user",
        name="Revenue per user",
        kind="mean",
        description="Values of purchases after first exposure, per user exposed.",
        numerator=Events(type="purchase", aggregation="sum"),
    ),
    _ratio(
        "average_order_value",
        "Average order value",
        "Values of purchases after first exposure, per purchase.",
        format="number",
        numerator=Events(type="purchase", aggregation="sum"),
        denominator=Events(type="purchase"),
    ),
    retention(7),
    slow_slates(),
    _ratio(
        "fallback_rate",
        "Fallback rate",
        "Share of slates that another recommender had to answer.",
        direction="decrease",
        numerator=Slates(fallback=True),
        denominator=Slates(),
    ),
    Metric(
        key="unattributed_clicks",
        name="Unattributed clicks",
        kind="mean",
        description="Clicks per user that name no item the user was served: clicks gone astray.",
        direction="decrease",
        numerator=UnattributedClicks(),
    ),
)

METRICS: dict[str, Metric] = {metric.key: metric for metric in _BUILT_IN}
GUARDRAILS = ("slow_slates", "fallback_rate", "unattributed_clicks")
"""Those that every experiment of one's own traffic should have."""


def metric_named(key: str) -> Metric:
    """The built-in metric of that key. Raises UnknownMetric, which lists the known ones."""
    try:
        return METRICS[key]
    except KeyError:
        raise UnknownMetric(key, tuple(METRICS)) from None
