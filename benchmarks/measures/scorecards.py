"""A scorecard from files beside the same sums by a query written for them alone."""

from __future__ import annotations

import re
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from experiments.metrics import METRICS, PhaseSpec, ScorecardSpec, Tracked, scorecard
from experiments.metrics.builtin import retention
from experiments.metrics.definitions import Metric
from experiments.metrics.files import tables
from experiments.metrics.measures import Clicks, Events, Items, Window

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=14)

SUMS = """
    SELECT variant, count(*), sum(items), sum(items * items), sum(coalesce(clicks, 0)),
        sum(coalesce(clicks, 0) ** 2), sum(items * coalesce(clicks, 0))
    FROM who LEFT JOIN clicked USING ("user") WHERE NOT crossed GROUP BY variant"""
PLAIN = """
    WITH who AS (
        SELECT "user", arg_min(variant, "at") AS variant, min("at") AS first_at,
            min(variant) <> max(variant) AS crossed, sum(impressions) AS items
        FROM '{exposures}' WHERE "at" <= TIMESTAMPTZ '{end}' GROUP BY "user"),
    clicked AS (
        SELECT e."user", count(*) AS clicks FROM '{events}' e JOIN who USING ("user")
        WHERE type = 'click' AND e."at" BETWEEN first_at AND TIMESTAMPTZ '{end}' GROUP BY e."user")
    """
LINKED = """
    WITH slate AS MATERIALIZED (
        SELECT "user", request_id, arg_min(variant, "at") AS variant, min("at") AS "at",
            arg_min(len(items), "at") AS size
        FROM '{exposures}' WHERE experiment = 'shop' AND phase = 1 AND reason = 'split'
            AND "at" <= TIMESTAMPTZ '{end}' GROUP BY "user", request_id),
    who AS (
        SELECT "user", arg_min(variant, "at") AS variant, min(variant) <> max(variant) AS crossed,
            sum(size) AS items FROM slate GROUP BY "user"),
    named AS (
        SELECT DISTINCT "user", request_id, item FROM '{events}' e
        JOIN '{exposures}' s USING ("user", request_id)
        WHERE type = 'click' AND e."at" <= TIMESTAMPTZ '{end}' AND s.experiment = 'shop'
            AND s.phase = 1 AND s.reason = 'split'
            AND list_contains(list_transform(items, lambda x: x.id), item)),
    clicked AS (SELECT "user", count(*) AS clicks FROM named GROUP BY "user")
    """


class Took(NamedTuple):
    """Seconds, the peak of resident memory in MB of 10^6 bytes, and clicks and impressions."""

    seconds: float
    peak_mb: int
    counted: list[tuple[int, int]]


def measure(files: tuple[Path, Path], *, linked: bool, rounds: int) -> dict[str, Any]:
    """The best of some rounds of each, in processes of their own, turn by turn."""
    jobs = {"query": (by_hand, linked), "ctr": (by_engine, 1), "twenty": (by_engine, 20)}
    found: dict[str, list[Took]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, (job, how) in jobs.items():
            found[name].append(_alone(job, files, how))
    best = {name: min(took, key=lambda t: t.seconds) for name, took in found.items()}
    assert best["query"].counted == best["ctr"].counted == best["twenty"].counted
    return {
        "query_s": best["query"].seconds,
        "ctr_s": best["ctr"].seconds,
        "ctr_to_query": round(best["ctr"].seconds / best["query"].seconds, 2),
        "ctr_peak_mb": max(t.peak_mb for t in found["ctr"]),
        "twenty_metrics_s": best["twenty"].seconds,
        "twenty_to_ctr": round(best["twenty"].seconds / best["ctr"].seconds, 2),
        "twenty_peak_mb": max(t.peak_mb for t in found["twenty"]),
    }


def _alone(job: Any, files: tuple[Path, Path], how: int) -> Took:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(job, files, how).result()  # type: ignore[no-any-return]


def by_hand(files: tuple[Path, Path], linked: int) -> Took:
    """The sums that CTR takes, by one query."""
    query = (LINKED if linked else PLAIN).format(
        exposures=files[0], events=files[1], end=END.isoformat()
    )
    begun = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        rows = connection.execute(query + SUMS).fetchall()
    counted = sorted((int(row[4]), int(row[2])) for row in rows)
    return Took(round(time.perf_counter() - begun, 2), _peak_mb(), counted)


def by_engine(files: tuple[Path, Path], metrics: int) -> Took:
    """A finished scorecard: sums, health, rules for bots, comparisons."""
    tracked = [Tracked(metric=m) for m in _twenty()[1:metrics]]
    spec = ScorecardSpec(
        experiment="shop",
        control="control",
        variants=("control", "treatment"),
        phases=(PhaseSpec(number=1, started_at=START, weights=(1.0, 1.0)),),
        as_of=END,
        metrics=(Tracked(metric=METRICS["ctr"], role="goal"), *tracked),
        tuning=2_000_000,
    )
    begun = time.perf_counter()
    with tables(*files) as (exposures, events):
        card = scorecard(exposures, events, spec)
    counted = sorted((arm.clicks, arm.impressions) for arm in card.arms)
    return Took(round(time.perf_counter() - begun, 2), _peak_mb(), counted)


def _twenty() -> list[Metric]:
    """Twenty metrics over slates, clicks and events, with and without windows and caps."""
    keys = ("ctr", "clicks_per_user", "impressions_per_user", "clicked", "conversion")
    more = ("add_to_cart_rate", "revenue_per_user", "average_order_value")
    money = Events(type="purchase", aggregation="sum")
    return [
        *(METRICS[key] for key in (*keys, *more)),
        *(retention(day) for day in (1, 3, 7)),
        *(
            Metric(
                key=f"ctr_{days}_days",
                name=f"CTR, {days} days",
                kind="ratio",
                numerator=Clicks(),
                denominator=Items(),
                window=Window(until_days=days),
            )
            for days in (1, 3, 7)
        ),
        *(
            Metric(
                key=f"revenue_{days}_days",
                name=f"Revenue, {days} days",
                kind="mean",
                numerator=money,
                window=Window(until_days=days),
            )
            for days in (1, 3, 7)
        ),
        Metric(key="capped", name="Capped", kind="mean", numerator=money, winsorise=0.99),
        Metric(key="views", name="Views", kind="mean", numerator=Events(type="view")),
        Metric(
            key="view_rate",
            name="Views per item",
            kind="ratio",
            numerator=Events(type="view"),
            denominator=Items(),
        ),
    ]


def _peak_mb() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 // 1_000_000 if found else 0
