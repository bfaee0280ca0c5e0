"""From a log to a promise, and whether the promise is kept: the whole path, with a known truth.

A log of readers who differ in taste is counted into a baseline, the forecast says how many users a
lift takes, and as many are then simulated, over and over, and tested for real. What the calculator
leaves out (the log is itself a sample, a treated arm varies a little more) is worth 2 points here.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from experiments.metrics import METRICS
from experiments.metrics.forecasts import Baseline, baseline, forecast
from experiments.stats import Settings, compare
from tests.experiments.metrics.conftest import START
from tests.experiments.stats.binomial import at_least, at_most
from tests.experiments.stats.users import cuped_of, cuped_ratio_of

ITEMS, LIFT, WORLDS, SLACK, LOOKS = 4, 0.06, 400, 0.02, 20
DAYS, READERS = 14, 40_000
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Readers:
    """Slates and clicks of each reader, before and in the time; worlds first."""

    slates: Ints
    clicks: Ints
    slates_before: Ints
    clicks_before: Ints


def readers(rng: Any, shape: tuple[int, ...], lift: float = 0.0) -> Readers:
    taste = rng.beta(4.0, 16.0, shape)
    slates, before = (1 + rng.poisson(2.0, shape) for _ in range(2))
    return Readers(
        slates,
        rng.binomial(ITEMS * slates, taste * (1 + lift)),
        before,
        rng.binomial(ITEMS * before, taste),
    )


def table_of(rng: Any, slates: Ints, clicks: Ints, first_day: int, tag: str) -> tuple[Any, Any]:
    """One row per slate, on days from `first_day`, and the clicks on its items."""
    user = np.repeat(np.arange(len(slates)), slates)
    seconds = first_day * 86_400 + rng.integers(60, (DAYS - 1) * 86_400, len(user))
    at = np.datetime64(START.replace(tzinfo=None), "us") + seconds.astype("timedelta64[s]")
    place = np.arange(len(user)) - np.repeat(slates.cumsum() - slates, slates)
    named = np.char.add(f"{tag}-", np.arange(len(user)).astype(str))
    score = pa.array(np.ones(len(user) * ITEMS))
    item = pa.StructArray.from_arrays(
        [pa.array(list("abcd") * len(user)), score, score], ["id", "score", "propensity"]
    )
    starts = pa.array(np.arange(0, len(user) * ITEMS + 1, ITEMS), pa.int32())
    exposures = {
        "request_id": named,
        "user": np.char.add("u", user.astype(str)),
        "placement": ["home"] * len(user),
        "items": pa.ListArray.from_arrays(starts, item),
        "at": pa.array(at, pa.timestamp("us", tz="UTC")),
    }
    slot = place[:, None] * ITEMS + np.arange(ITEMS)
    slate, position = np.nonzero(slot < clicks[user][:, None])
    events = {
        "type": ["click"] * len(slate),
        "user": np.asarray(exposures["user"])[slate],
        "item": np.array(list("abcd"))[position],
        "request_id": named[slate],
        "at": pa.array(at[slate] + np.timedelta64(5, "s"), pa.timestamp("us", tz="UTC")),
    }
    return pa.table(exposures), pa.table(events)


@pytest.fixture(scope="module")
def counted(connection: Any) -> Baseline:
    rng = np.random.default_rng(20261101)
    log = readers(rng, (READERS,))
    now = table_of(rng, log.slates, log.clicks, 0, "now")
    before = table_of(rng, log.slates_before, log.clicks_before, -DAYS, "before")
    exposures, events = (
        connection.create_table(f"readers_{i}", pa.concat_tables([before[i], now[i]]))
        for i in range(2)
    )
    return baseline(
        exposures,
        events,
        [METRICS["ctr"], METRICS["clicks_per_user"]],
        placement="home",
        until=START + timedelta(days=DAYS),
        days=DAYS,
        lookback_days=28.0,
    )


def test_the_baseline_is_the_truth_of_the_world(counted: Baseline) -> None:
    ctr: Any = counted.of("ctr").sample
    per_user: Any = counted.of("clicks_per_user").sample

    assert counted.users == READERS
    assert ctr.mean == pytest.approx(0.2, rel=0.01)
    assert per_user.mean == pytest.approx(0.2 * ITEMS * 3, rel=0.01)
    # Of a beta-binomial: E n p (1 - p) + Var(n p), n being 4 (1 + Poisson(2)).
    p, p_squared = 0.2, 4 * 5 / (20 * 21)
    variance = 12 * (p - p_squared) + (144 + 32) * p_squared - (12 * p) ** 2
    assert per_user.variance == pytest.approx(variance, rel=0.02)
    assert sum(counted.new_users) == READERS


def arm(rng: Any, key: str, users: int, looks: int, lift: float) -> Any:
    """`users` at the last look, as a sample of shape (worlds, looks)."""
    arriving = np.diff(np.round(np.linspace(0, users, looks + 1))).astype(int)
    samples = [sample(key, readers(rng, (WORLDS, n), lift)) for n in arriving]
    grown = samples[:1]
    for each in samples[1:]:
        grown.append(grown[-1] + each)
    return stacked(grown)


def sample(key: str, these: Readers) -> Any:
    clicks, before = these.clicks.astype(float), these.clicks_before.astype(float)
    if key == "clicks_per_user":
        return cuped_of(clicks, before)
    seen, seen_before = (
        ITEMS * these.slates.astype(float),
        ITEMS * these.slates_before.astype(float),
    )
    return cuped_ratio_of(clicks, seen, before, seen_before)


def stacked(samples: list[Any]) -> Any:
    """Samples of shape (worlds,) as one of shape (worlds, looks)."""
    first = samples[0]
    if not hasattr(first, "__dataclass_fields__"):
        return np.stack([np.broadcast_to(s, (WORLDS,)) for s in samples], axis=1)
    return type(first)(
        **{f: stacked([getattr(s, f) for s in samples]) for f in first.__dataclass_fields__}
    )


def found(key: str, users: int, settings: Settings, *, cuped: bool, seed: int) -> int:
    """Of so many worlds, in how many the lift is found at a judged look."""
    rng = np.random.default_rng(seed)
    looks = LOOKS if settings.method == "sequential" else 1
    arms = [arm(rng, key, users // 2, looks, lift) for lift in (0.0, LIFT)]
    both = arms if cuped else [each.post for each in arms]
    result: Any = compare(both[0], both[1], settings)
    judged = result.reason == None  # noqa: E711
    return int(((result.p_value < 0.05) & judged & (result.effect > 0)).any(axis=1).sum())


@pytest.mark.parametrize("method", ["fixed", "sequential"])
@pytest.mark.parametrize(
    ("key", "cuped"), [("ctr", False), ("ctr", True), ("clicks_per_user", True)]
)
def test_as_many_users_as_forecast_find_the_lift_as_often_as_promised(
    counted: Baseline, method: Any, key: str, cuped: bool
) -> None:
    told = forecast(counted, key, lift=LIFT).outlook(method, cuped=cuped)
    assert told.users is not None
    settings = Settings(method=method, tuning=told.tuning or 0)

    rejected = found(key, told.users, settings, cuped=cuped, seed=7)

    assert at_least(0.8 - SLACK, WORLDS) <= rejected <= at_most(0.8 + SLACK, WORLDS)


def test_half_as_many_would_not(counted: Baseline) -> None:
    told = forecast(counted, "ctr", lift=LIFT).outlook("fixed", cuped=False)

    rejected = found("ctr", (told.users or 0) // 2, Settings(method="fixed"), cuped=False, seed=8)

    assert rejected < at_least(0.8 - SLACK, WORLDS)
