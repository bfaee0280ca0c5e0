"""Twenty metrics over slates, clicks and events, with and without windows and caps."""

from __future__ import annotations

from pathlib import Path

import msgspec

from experiments.metrics import Metric
from experiments.metrics.measures import Clicks, Events, Items, Window

BUILT_IN = (
    *("ctr", "clicks_per_user", "impressions_per_user", "clicked", "conversion"),
    *("add_to_cart_rate", "revenue_per_user", "average_order_value"),
    *(f"retention_day_{day}" for day in (1, 3, 7)),
)
MONEY = Events(type="purchase", aggregation="sum")
VIEWS = Events(type="view")


def own() -> tuple[Metric, ...]:
    """Those that have to be defined."""
    return (
        *(_within(days) for days in (1, 3, 7)),
        *(_revenue(days) for days in (1, 3, 7)),
        Metric(key="capped", name="Capped", kind="mean", numerator=MONEY, winsorise=0.99),
        Metric(key="views", name="Views", kind="mean", numerator=VIEWS),
        Metric(
            key="view_rate",
            name="Views per item",
            kind="ratio",
            numerator=VIEWS,
            denominator=Items(),
        ),
    )


def options(folder: Path) -> list[str]:
    """What `manage.py analyse` is told of all twenty."""
    definitions = folder / "metrics.json"
    definitions.write_bytes(msgspec.json.encode(own()))
    keys = (*BUILT_IN, *(metric.key for metric in own()))
    return ["--metrics", ",".join(keys), "--definitions", str(definitions)]


def _within(days: int) -> Metric:
    return Metric(
        key=f"ctr_{days}_days",
        name=f"CTR, {days} days",
        kind="ratio",
        numerator=Clicks(),
        denominator=Items(),
        window=Window(until_days=days),
    )


def _revenue(days: int) -> Metric:
    return Metric(
        key=f"revenue_{days}_days",
        name=f"Revenue, {days} days",
        kind="mean",
        numerator=MONEY,
        window=Window(until_days=days),
    )
