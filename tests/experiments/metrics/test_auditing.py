"""The audit of a log: whose totals it splits, and what it says of metrics whose truth is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import md5
from typing import Any

import ibis
import msgspec
import numpy as np
import pyarrow as pa
import pytest

from experiments.metrics import (
    METRICS,
    InvalidSpec,
    Metric,
    MissingColumn,
)
from experiments.metrics.auditing import AuditReport, AuditSpec, Skipped, computable, run_audit
from experiments.metrics.auditing.rows import AuditRows
from experiments.metrics.exceptions import TooFewUsers
from experiments.metrics.exclusions import SlatesPerDay
from tests.experiments.metrics.conftest import START, ToyLog, seconds
from tests.experiments.metrics.reference import DAY, Reference, Setting
from tests.experiments.metrics.test_engine import ALL, AS_OF, LOOKBACK, World, filled

CTR, CLICKED, IMPRESSIONS = (METRICS[k] for k in ("ctr", "clicked", "impressions_per_user"))
REVENUE = METRICS["revenue_per_user"]


def spec_of(*metrics: Metric, **changes: Any) -> AuditSpec:
    fields: dict[str, Any] = {"metrics": metrics, "since": START, "until": seconds(600), "seed": 7}
    return AuditSpec(**(fields | changes))


def by_hash(users: list[str]) -> list[str]:
    return sorted(users, key=lambda user: md5(user.encode()).hexdigest())  # noqa: S324


def summands(rows: AuditRows, metric: Metric) -> list[list[float]]:
    found = rows.of(metric)
    assert found is not None
    rows_of_users: list[list[float]] = found.columns.tolist()
    return rows_of_users


def rows_of(log: ToyLog, spec: AuditSpec) -> dict[str, list[list[float]]]:
    """By metric, what is summed over each user, in the order of the users' hashes."""
    with ExitStack() as stack:
        rows = AuditRows(log.exposures, log.events, spec, stack)
        return {m.key: summands(rows, m) for m in spec.metrics}


# -- whose totals, and which ---------------------------------------------------------------------


def test_everyone_served_in_the_window_has_a_row_whichever_experiment_or_none(log: ToyLog) -> None:
    first = log.serve("ada", "A", "abc")
    log.serve("ben", None, "ab", experiment=None, phase=None, reason="no_experiment")
    forced = log.serve("cas", "B", "abcd", experiment="cart", phase=3, reason="override")
    log.serve("dee", "A", "abc", at=-1)  # before the window, and never again
    log.serve("eve", "A", "abc", at=601)  # after it
    log.click("ada", first, "a")
    log.click("cas", forced, "b")
    log.click("cas", forced, "c")

    found = rows_of(log, spec_of(CTR, CLICKED))

    clicks = {"ada": (1, 3), "ben": (0, 2), "cas": (2, 4)}
    hoped = [clicks[user] for user in by_hash(list(clicks))]
    assert found["ctr"] == [[c, c * c, n, n * n, c * n] for c, n in hoped]
    assert found["clicked"] == [[float(c > 0)] for c, _ in hoped]


def test_a_users_window_begins_with_the_first_exposure_in_it(log: ToyLog) -> None:
    log.serve("ada", "A", "abc", at=-30)
    log.event("purchase", "ada", at=10, value=3.0)
    log.serve("ada", "B", "ab", at=20)
    log.event("purchase", "ada", at=30, value=5.5)

    found = rows_of(log, spec_of(REVENUE, IMPRESSIONS, lookback_days=60 / DAY))

    assert found["revenue_per_user"] == [[5.5, 5.5**2, 3.0, 9.0, 16.5]]
    assert found["impressions_per_user"] == [[2.0, 4.0, 3.0, 9.0, 6.0]]


def test_users_whom_a_rule_leaves_out_have_no_row_and_are_counted(log: ToyLog) -> None:
    for n in range(3):
        log.serve("bot", "A", "a", at=n)
    log.serve("ada", "A", "ab")
    spec = spec_of(IMPRESSIONS, exclusions=(SlatesPerDay(limit=2),))

    with ExitStack() as stack:
        rows = AuditRows(log.exposures, log.events, spec, stack)
        assert (rows.users, rows.drawn) == (1, 1)
        assert summands(rows, IMPRESSIONS) == [[2.0, 4.0]]
        assert [(left.rule, left.users) for left in rows.left_out] == [
            ("more than 2 slates a day", 1)
        ]


def test_of_more_users_than_fit_those_of_the_least_hashes_are_drawn(log: ToyLog) -> None:
    users = [f"u{n}" for n in range(20)]
    for n, user in enumerate(users):
        log.serve(user, "A", "abcdefghijklmnopqrst"[: n + 1])

    with ExitStack() as stack:
        spec = spec_of(IMPRESSIONS, most_users=6)
        rows = AuditRows(log.exposures, log.events, spec, stack)
        sizes = [total for total, _ in summands(rows, IMPRESSIONS)]
        assert (rows.users, rows.drawn) == (20, 6)

    assert sizes == [float(users.index(user) + 1) for user in by_hash(users)[:6]]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_users_totals_are_the_slow_references(
    seed: int, new_log: Callable[[], ToyLog]
) -> None:
    """Every metric, with caps, windows and the pre-period, on random logs."""
    world = World(seed)
    found = rows_of(
        filled(world, new_log),
        spec_of(*ALL, until=seconds(AS_OF), lookback_days=LOOKBACK / DAY),
    )
    for row in world.exposures:
        ours = "all" if row["at"] >= 0 else "other"
        row |= {"experiment": ours, "phase": 1, "variant": "A", "reason": "split"}
        row |= {"placement": "any"}
    setting = Setting(
        experiment="all", variants=("A",), phases=((1, 0.0),), as_of=AS_OF, lookback=LOOKBACK
    )
    reference = Reference(world.exposures, world.events, setting)
    assert len(reference.people) > 15

    for metric in ALL:
        users = {p.user: (a, b) for p, a, b in reference.users(metric, reference.by_as_of)}
        ordered = [users[user] for user in by_hash(list(users))]
        hoped = [summed(post, before) for post, before in ordered]
        assert np.array(found[metric.key]) == pytest.approx(np.array(hoped)), metric.key


def summed(post: list[float], pre: list[float]) -> list[float]:
    """The columns of an adjusted metric: what the docstrings of the samples say."""
    if len(post) == 1:
        (a,), (b,) = post, pre
        return [a, a * a, b, b * b, a * b]
    (a, b), (c, d) = post, pre
    own = [a, a * a, b, b * b, a * b, c, c * c, d, d * d, c * d]
    return [*own, a * c, a * d, b * c, b * d]


# -- what it says --------------------------------------------------------------------------------


def crowd(connection: Any, users: int, seed: int, *, money: Any = None) -> tuple[Any, Any]:
    """Tables of people who see 1 to 40 items on some slates and click as they are inclined to.

    Half of them were treated: they click twice as readily. `money(rng)` is what each buys for.
    """
    rng = np.random.default_rng(seed)
    visits = 1 + np.minimum(rng.pareto(1.5, users).astype(int), 30)
    who = np.repeat(np.arange(users), visits)
    taste = rng.beta(1, 9, users) * np.where(np.arange(users) % 2, 2.0, 1.0)
    size = rng.integers(1, 9, len(who))
    clicks = rng.binomial(size, np.minimum(taste[who], 1))
    names = [f"u{n}" for n in range(users)]
    at = [seconds(float(s)) for s in rng.integers(0, 3_000, len(who))]
    exposures = {
        "user": [names[n] for n in who],
        "variant": ["AB"[n % 2] for n in who],
        "at": at,
        "impressions": size,
    }
    clicked = np.repeat(np.arange(len(who)), clicks)
    events = {
        "user": [names[who[n]] for n in clicked],
        "type": ["click"] * len(clicked),
        "at": [at[n] for n in clicked],
        "value": [math.nan] * len(clicked),
    }
    for name, value in zip(names, [] if money is None else money(rng).tolist(), strict=False):
        events["user"].append(name)
        events["type"].append("purchase")
        events["at"].append(seconds(3_001))
        events["value"].append(value)
    return tuple(
        connection.create_table(f"crowd_{seed}_{name}", pa.table(columns), overwrite=True)
        for name, columns in (("exposures", exposures), ("events", events))
    )


def audited(tables: tuple[Any, Any], *metrics: Metric, **changes: Any) -> AuditReport:
    return run_audit(*tables, spec_of(*metrics, until=seconds(3_600), **changes))


def test_sound_metrics_are_as_expected_though_half_the_users_were_treated(connection: Any) -> None:
    metrics = CTR, METRICS["clicks_per_user"], CLICKED, IMPRESSIONS
    report = audited(crowd(connection, 4_000, 3), *metrics)

    assert (report.users, report.drawn, report.alpha) == (4_000, 4_000, 0.05)
    assert [(m.metric, m.verdict, m.uniform) for m in report.metrics] == [
        ("ctr", "as_expected", True),
        ("clicks_per_user", "as_expected", True),
        ("clicked", "as_expected", True),
        ("impressions_per_user", "as_expected", True),
    ]
    for metric in report.metrics:
        assert metric.judged == metric.splits == 500
        assert metric.rejections == metric.p_counts[0]
        assert sum(metric.p_counts) == 500
        assert metric.rate is not None
        assert 0.02 < metric.rate < 0.08
        assert (metric.low or 0) < 0.05 < (metric.high or 0)


def test_a_total_that_one_of_few_users_decides_is_found_out_and_a_cap_mends_it(
    connection: Any,
) -> None:
    def money(rng: Any) -> Any:
        spent = rng.uniform(5.0, 15.0, 400)
        spent[0] = 420.0
        return spent

    capped = msgspec.structs.replace(REVENUE, key="capped", winsorise=0.99)
    report = audited(crowd(connection, 400, 4, money=money), REVENUE, capped)
    raw, mended = report.metrics

    assert (raw.judged, raw.rejections, raw.verdict) == (500, 0, "too_few")
    assert raw.high == pytest.approx(1 - 0.0005 ** (1 / 500))
    assert raw.top_share == pytest.approx(0.10574, abs=1e-5)
    assert (raw.uniform, raw.uniformity_reason) == (None, "too_few_conversions")
    assert (mended.judged, mended.verdict) == (500, "as_expected")
    assert mended.top_share == pytest.approx(0.0150, abs=1e-3)


def test_a_total_that_two_users_own_is_never_judged(connection: Any) -> None:
    def money(rng: Any) -> Any:
        spent = rng.uniform(9.0, 11.0, 400)
        spent[:2] = 2_400.0
        return spent

    [found] = audited(crowd(connection, 400, 4, money=money), REVENUE).metrics

    assert (found.judged, found.rate, found.verdict) == (0, None, None)
    assert (found.reason, found.with_any) == ("collecting", 400)
    assert found.top_share == pytest.approx(0.549, abs=1e-3)


def test_the_sequential_method_spends_its_alpha_over_looks_that_are_not_here(
    connection: Any,
) -> None:
    [found] = audited(crowd(connection, 4_000, 3), CTR, method="sequential").metrics

    assert found.verdict == "as_expected"
    assert found.rate is not None
    assert found.rate < 0.01
    assert (found.uniform, found.uniformity_reason) == (None, "not_fixed_horizon")


def test_a_metric_is_judged_by_its_own_minimum_of_users(connection: Any) -> None:
    strict = msgspec.structs.replace(CTR, key="strict", minimum_users=201)
    loose = msgspec.structs.replace(CTR, key="loose", minimum_users=200)
    report = audited(crowd(connection, 400, 4), strict, loose, splits=100)

    assert [(m.judged, m.reason) for m in report.metrics] == [(0, "collecting"), (97, None)]


def test_a_window_that_has_passed_for_nobody_is_a_reason(connection: Any) -> None:
    [found] = audited(crowd(connection, 400, 4), METRICS["retention_day_7"], splits=100).metrics

    assert (found.users, found.judged, found.reason) == (0, 0, "collecting")
    assert found.rate is None


def test_one_seed_gives_one_report_whatever_the_order_of_the_log_and_the_other_metrics(
    connection: Any,
) -> None:
    exposures, events = crowd(connection, 400, 4)
    shuffled = exposures.order_by(ibis.desc("at"), "user"), events.order_by("at", "user")
    report = audited((exposures, events), CTR, CLICKED, splits=200)

    assert audited(shuffled, CTR, CLICKED, splits=200) == report
    assert audited((exposures, events), CLICKED, splits=200).of("clicked") == report.of("clicked")
    other = audited((exposures, events), CTR, splits=200, seed=8).of("ctr")
    assert other is not None
    assert other.p_counts != report.metrics[0].p_counts


def test_progress_is_told_from_reading_to_the_last_split(connection: Any) -> None:
    heard: list[tuple[float, str]] = []
    run_audit(
        *crowd(connection, 400, 4),
        spec_of(CTR, CLICKED, until=seconds(3_600)),
        progress=lambda done, what: heard.append((round(done, 9), what)),
    )

    assert heard == [
        (0.0, "Reading the log."),
        (0.2, "Splitting 400 users for CTR."),
        (0.6, "Splitting 400 users for CTR."),
        (0.6, "Splitting 400 users for Users who clicked."),
        (1.0, "Splitting 400 users for Users who clicked."),
    ]


def test_a_report_survives_json(connection: Any) -> None:
    report = audited(crowd(connection, 400, 4), CTR, REVENUE, splits=100)

    assert msgspec.json.decode(msgspec.json.encode(report), type=AuditReport) == report


# -- what cannot be audited ----------------------------------------------------------------------


def test_too_few_users_are_refused_with_how_many_there_were(log: ToyLog, connection: Any) -> None:
    with pytest.raises(TooFewUsers) as nobody:
        run_audit(log.exposures, log.events, spec_of(CTR))
    with pytest.raises(TooFewUsers) as few:
        run_audit(*crowd(connection, 199, 5), spec_of(CTR, until=seconds(3_600)))

    assert str(nobody.value) == (
        "An audit needs 200 users who were served anything and are no bots; nobody was from "
        "2026-03-01 12:00 to 2026-03-01 12:10 UTC. Take more days, or wait for more traffic."
    )
    assert (few.value.users, few.value.needed) == (199, 200)
    assert "only 199 users were from" in str(few.value)


def test_a_metric_without_its_columns_is_refused_or_named_beforehand(connection: Any) -> None:
    tables = crowd(connection, 400, 4)
    slow = METRICS["slow_slates"]
    spec = spec_of(CTR, slow, until=seconds(3_600))

    with pytest.raises(MissingColumn, match=r"exposures has no usable column 'latency_ms'"):
        run_audit(*tables, spec)
    assert computable(*tables, spec) == (
        (CTR,),
        (Skipped(metric="slow_slates", table="exposures", column="latency_ms"),),
    )


@pytest.mark.parametrize("name", ["user", "at"])
def test_a_log_without_users_or_times_is_refused(log: ToyLog, name: str) -> None:
    log.serve("ada", "A", "a")
    with pytest.raises(MissingColumn, match=f"exposures has no usable column '{name}'"):
        run_audit(log.exposures.drop(name), log.events, spec_of(CTR))
    with pytest.raises(MissingColumn, match=f"events has no usable column '{name}'"):
        run_audit(log.exposures, log.events.drop(name), spec_of(CTR))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": ()}, "metrics needs at least one metric."),
        ({"metrics": (CTR, CTR)}, "metrics names one metric twice."),
        ({"splits": 99}, "splits must be 100 to 10,000."),
        ({"splits": 10_001}, "splits must be 100 to 10,000."),
        ({"method": "bayesian"}, "method must be fixed or sequential."),
        ({"lookback_days": -1.0}, "lookback_days must be 0 to 365 days."),
        ({"lookback_days": math.nan}, "lookback_days must be 0 to 365 days."),
        ({"seed": -1}, "seed must be 0 or more."),
        ({"until": START}, "since must lie before until."),
        ({"since": START.replace(tzinfo=None)}, "since and until need a time zone."),
        ({"most_users": 0}, "most_users must be at least 1."),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        spec_of(CTR, **changes)
    assert str(refused.value) == said
