"""Samples hold each user's total up to an as-of time, whatever the order and number of visits."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from experiments.metrics import METRICS, ScorecardSpec
from experiments.metrics.periods import Grid, grid
from experiments.metrics.rows import user_periods
from experiments.metrics.samples import Moments, moments
from experiments.stats import MeanSample, ProportionSample, RatioSample

MakeSpec = Callable[..., ScorecardSpec]


def read(log: Any, spec: ScorecardSpec) -> Moments:
    cut = grid(spec.started_at, spec.as_of)
    rows = user_periods(log.exposures, log.events, spec, cut)
    return moments(rows, spec.variants, cut.periods)


def test_the_sums_of_a_toy_log_are_those_computed_by_hand(log: Any, make_spec: MakeSpec) -> None:
    # u: 3 impressions, 2 clicks by 10 s; 5 and 3 by 30 s. v: 2 and 0. w, in B: 4 and 1.
    first = log.serve("u", "A", "abc", at=0)
    again = log.serve("u", "A", "de", at=21)
    log.click("u", first, "a", at=2)
    log.click("u", first, "b", at=3)
    log.click("u", again, "e", at=22)
    log.serve("v", "A", "ab", at=11)
    request = log.serve("w", "B", "abcd", at=1)
    log.click("w", request, "d", at=2)
    spec = make_spec(as_of=make_spec().started_at + timedelta(seconds=30))

    found = read(log, spec)

    assert found.users.tolist() == [[1, 2, 2], [1, 1, 1]]
    assert found.total("impressions").tolist() == [[3, 5, 7], [4, 4, 4]]
    assert found.squares("impressions").tolist() == [[9, 13, 29], [16, 16, 16]]
    assert found.total("clicks").tolist() == [[2, 2, 3], [1, 1, 1]]
    assert found.squares("clicks").tolist() == [[4, 4, 9], [1, 1, 1]]
    assert found.positive("clicks").tolist() == [[1, 1, 1], [1, 1, 1]]
    assert found.product("clicks", "impressions").tolist() == [[6, 6, 15], [4, 4, 4]]


def test_each_kind_of_metric_takes_its_own_sums(log: Any, make_spec: MakeSpec) -> None:
    request = log.serve("u", "A", "abc")
    log.click("u", request, "a")
    log.click("u", request, "b")
    log.serve("v", "A", "a")
    found = read(log, make_spec(as_of=make_spec().started_at + timedelta(seconds=5)))

    ctr, mean, share = (
        found.sample(METRICS[key]) for key in ("ctr", "impressions_per_user", "clicked")
    )

    assert isinstance(ctr, RatioSample)
    assert [np.asarray(field)[0, 0] for field in vars(ctr).values()] == [2, 2, 4, 4, 10, 6]
    assert isinstance(mean, MeanSample)
    assert [np.asarray(field)[0, 0] for field in vars(mean).values()] == [2, 4, 10]
    assert isinstance(share, ProportionSample)
    assert [np.asarray(field)[0, 0] for field in vars(share).values()] == [2, 1]


def test_without_rows_every_sum_is_zero(log: Any, make_spec: MakeSpec) -> None:
    found = read(log, make_spec())

    assert found.users.tolist() == [[0.0] * 60] * 2
    assert found.product("clicks", "impressions").tolist() == [[0.0] * 60] * 2


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """Slates (request, user, variant, items, at, phase) and clicks (request, user, item, at).

    Mostly what should happen: a user stays in a variant, and clicks an own slate after it.
    """
    slates, clicks = [], []
    for i in range(draw(st.integers(0, 10))):
        user = draw(st.sampled_from("uvwx"))
        variant = draw(st.sampled_from([*["A" if user < "w" else "B"] * 12, "A", "B", "C"]))
        at = draw(st.integers(-5, 60)) + i / 100  # no two at once: then "first" is defined
        phase = draw(st.sampled_from([*[1] * 9, 2]))
        slates.append((f"r{i}", user, variant, draw(st.sampled_from(["", "ab", "abc"])), at, phase))
        for item in draw(st.lists(st.sampled_from("aabc"), max_size=3)):
            clicker = draw(st.sampled_from([*user * 9, "u"]))
            clicks.append((f"r{i}", clicker, item, at + draw(st.integers(-2, 30))))
    return slates, clicks


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a world is small already, and each try is a query
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(world=worlds())
def test_sums_equal_a_recount_of_the_whole_log_at_every_as_of(
    new_log: Callable[[], Any], make_spec: MakeSpec, world: tuple[list[Any], list[Any]]
) -> None:
    log = new_log()
    for request, user, variant, items, at, phase in world[0]:
        log.serve(user, variant, items, at=at, request_id=request, phase=phase)
    for request, user, item, at in world[1]:
        log.click(user, request, item, at=at)
    spec = make_spec(as_of=make_spec().started_at + timedelta(seconds=55))
    cut = grid(spec.started_at, spec.as_of)

    found = read(log, spec)

    recount = Recount(*world, last=55)
    for k in range(cut.periods):
        for i, variant in enumerate(spec.variants):
            assert column(found, i, k) == recount.sums(variant, until(cut, k))


def until(cut: Grid, k: int) -> float:
    """Seconds after the start before which things count at the k-th as-of time."""
    return cut.seconds * (k + 1) if k < cut.periods - 1 else 55 + 1e-9


def column(found: Moments, i: int, k: int) -> list[float]:
    sums = (
        found.users,
        found.total("impressions"),
        found.squares("impressions"),
        found.total("clicks"),
        found.squares("clicks"),
        found.positive("clicks"),
        found.product("clicks", "impressions"),
    )
    return [float(s[i, k]) for s in sums]


class Recount:
    """The same sums by brute force in pandas: one pass over everything per as-of time."""

    def __init__(self, served: list[Any], clicked: list[Any], last: float) -> None:
        slates = pd.DataFrame(
            served, columns=["request", "user", "variant", "items", "at", "phase"]
        )
        ones = slates[(slates["at"] <= last) & (slates["phase"] == 1)]
        variants = ones.groupby("user")["variant"].nunique()
        self.slates = ones[ones["user"].isin(variants[variants == 1].index)]
        clicks = pd.DataFrame(clicked, columns=["request", "user", "item", "at"])
        both = clicks[clicks["at"] <= last].merge(
            self.slates, on=["request", "user"], suffixes=("", "_served")
        )
        named = [item in items for item, items in zip(both["item"], both["items"], strict=True)]
        both = both[np.array(named, dtype=bool)]
        both = both.assign(at=both[["at", "at_served"]].max(axis=1))
        self.clicks = both.sort_values("at").drop_duplicates(["request", "item"])

    def sums(self, variant: str, end: float) -> list[float]:
        mine = self.slates[(self.slates["variant"] == variant) & (self.slates["at"] < end)]
        impressions = mine["items"].str.len().groupby(mine["user"]).sum().astype(float)
        done = self.clicks[self.clicks["at"] < end]
        counts = done.groupby("user").size().reindex(impressions.index, fill_value=0)
        clicks = counts.astype(float)
        return [
            float(len(impressions)),
            float(impressions.sum()),
            float((impressions**2).sum()),
            float(clicks.sum()),
            float((clicks**2).sum()),
            float((clicks > 0).sum()),
            float((clicks * impressions).sum()),
        ]
