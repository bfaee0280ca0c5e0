"""The engine counts what a slow reference counts, on random logs with all that goes wrong in one.

Compared are the samples of every metric: per phase, variant, segment and as-of time, with and
without the pre-period.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from ibis import _

from experiments.metrics import METRICS, Metric, PhaseSpec, ScorecardSpec, Tracked
from experiments.metrics.counting import Counted, count_log
from experiments.metrics.definitions import Kind
from experiments.metrics.filters import Compare, Equals, Exists, OneOf
from experiments.metrics.measures import Clicks, Events, Items, Slates, Window
from experiments.metrics.periods import Grid, grid
from experiments.metrics.samples import Samples, part, samples
from experiments.stats import CupedRatioSample, CupedSample, MeanSample, ProportionSample
from tests.experiments.metrics.conftest import START, seconds
from tests.experiments.metrics.reference import DAY, Person, Reference, Row, Setting

AS_OF = 400
LOOKBACK = 120
PHASES = ((1, 0.0), (2, 200.0))
USERS = [f"u{n}" for n in range(24)]
ITEMS = "abcdef"


def minute(start: float, end: float) -> Window:
    """In seconds."""
    return Window(from_days=start / DAY, until_days=end / DAY)


def metric(key: str, kind: Kind, numerator: Any, denominator: Any = None, **more: Any) -> Metric:
    return Metric(
        key=key, name=key, kind=kind, numerator=numerator, denominator=denominator, **more
    )


MONEY = Events(type="purchase", aggregation="sum")
WEB = (Equals(field="properties.device", to="web"), Compare(field="value", order=">", to=2.5))
ALL = [
    *(m for m in METRICS.values() if m.kind != "retention"),
    metric("early_ctr", "ratio", Clicks(), Items(), window=minute(0, 60)),
    metric("later_ctr", "ratio", Clicks(), Items(), window=minute(30, 90)),
    metric("back", "retention", Slates(), window=minute(60, 120)),
    metric("back_any", "retention", Events(type=None), window=minute(60, 120)),
    metric("capped", "mean", MONEY, winsorise=0.8),
    metric("capped_order", "ratio", MONEY, Events(type="purchase"), winsorise=0.7),
    metric("capped_early", "mean", Clicks(), window=minute(0, 50), winsorise=0.6),
    metric("variety", "mean", Events(type="view", aggregation="items")),
    metric("early_variety", "mean", Events(type="view", aggregation="items"), window=minute(0, 60)),
    metric("web_value", "mean", Events(type="purchase", aggregation="sum", where=WEB)),
    metric(
        "some",
        "mean",
        Events(
            type="purchase",
            where=(OneOf(field="properties.n", values=(1, 3)), Exists(field="item", present=False)),
        ),
    ),
    metric("item_a", "proportion", Events(type="view", where=(Equals(field="item", to="a"),))),
]


class World:
    """Rows of a log as `ToyLog` takes them. Fractions of seconds are of 2^10, so sums are exact."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.exposures = [self.slate(n) for n in range(140)]
        for row in self.random.sample(self.exposures, 6):  # repeated requests, changed in between
            again = row | {"at": row["at"] + self.random.choice([-20, 0.5, 30]), "items": "abf"}
            self.exposures.append(again)
        self.events = [event for _ in range(260) for event in self.event()]

    def slate(self, number: int) -> Row:
        pick = self.random
        user = pick.choice(USERS)
        place = USERS.index(user)
        at = pick.randint(-130, 420) + number / 1024
        begun = at >= pick.choice([0, 0, 0, 40 * (place % 4)])
        phase = 2 if at >= 200 + pick.choice([0, 0, 0, 15]) else 1
        ours = begun and pick.random() > 0.1
        variant = "AB"[(place + (phase == 2 and place % 3 == 0)) % 2]
        if pick.random() < 0.02:
            variant = pick.choice("ABC")
        return {
            "request_id": None if pick.random() < 0.05 else f"r{number}",
            "user": user,
            "experiment": "home-ctr" if ours else pick.choice([None, "cart"]),
            "phase": phase if ours else None,
            "variant": variant if ours else pick.choice([None, "A"]),
            "placement": pick.choice(["home", "home", "home", "cart"]),
            "items": "".join(pick.sample(ITEMS, pick.randint(0, 4))),
            "reason": pick.choice(["split"] * 9 + ["override"]) if ours else "no_experiment",
            "fallback": pick.choice([None, None, "late"]),
            "latency_ms": pick.choice([None, 10.0, 200.0, 500.0]),
            "attributes": pick.choice([{}, {"device": "web"}, {"device": "app", "tier": "1"}]),
            "at": at,
        }

    def event(self) -> list[Row]:
        pick = self.random
        slate = pick.choice(self.exposures)
        own = pick.random() < 0.9
        item = pick.choice(slate["items"] or "a") if pick.random() < 0.8 else pick.choice(ITEMS)
        row = {
            "type": pick.choice(["click"] * 5 + ["impression"] * 3 + ["view", "purchase"] * 2)
            if pick.random() < 0.9
            else "add_to_cart",
            "user": slate["user"] if own else pick.choice(USERS),
            "item": None if pick.random() < 0.1 else item,
            "request_id": None if pick.random() < 0.1 else slate["request_id"],
            "value": pick.choice([None, 1.25, 2.5, 9.99, -3.0, 120.0]),
            "properties": pick.choice(
                [{}, {"device": "web"}, {"device": "app", "n": 1}, {"n": "1"}, {"n": 3.0}]
            ),
            "at": slate["at"]
            + pick.choice([-4, 0, 1, 7, 25, 50, 60, 90, 120, 150])
            + pick.choice([0, pick.randint(0, 999) / 1024]),
        }
        return [row, row] if pick.random() < 0.1 else [row]


def spec_for(metrics: list[Metric], **changes: Any) -> ScorecardSpec:
    phases = tuple(
        PhaseSpec(number=number, started_at=seconds(start), weights=(1, 1))
        for number, start in PHASES
    )
    settings: dict[str, Any] = {
        "experiment": "home-ctr",
        "control": "A",
        "variants": ("A", "B"),
        "phases": phases,
        "as_of": seconds(AS_OF),
        "metrics": tuple(
            Tracked(metric=m, role="goal" if i == 0 else "secondary") for i, m in enumerate(metrics)
        ),
        "tuning": 1000.0,
        "lookback_days": LOOKBACK / DAY,
    }
    return ScorecardSpec(**(settings | changes))


def setting() -> Setting:
    return Setting(
        experiment="home-ctr",
        variants=("A", "B"),
        phases=PHASES,
        as_of=AS_OF,
        lookback=LOOKBACK,
    )


def filled(world: World, new_log: Callable[[], Any]) -> Any:
    log = new_log()
    for row in world.exposures:
        log.serve(**row)
    for row in world.events:
        log.event(**row)
    return log


def count(world: World, spec: ScorecardSpec, new_log: Callable[[], Any]) -> tuple[Counted, Grid]:
    log, cut = filled(world, new_log), grid(spec.started_at, spec.as_of)
    return count_log(log.exposures, log.events, spec), cut


def expected(
    reference: Reference,
    of: Metric,
    end: Callable[[float], bool],
    keep: Callable[[Person], bool] = lambda person: True,
) -> list[list[dict[str, float]]]:
    """Per phase and variant the sums that samples hold."""
    everyone = [(p, a, b) for p, a, b in reference.users(of, end) if keep(p)]
    return [
        [
            sums([(a, b) for p, a, b in everyone if p.phase == number and p.arm == arm], of)
            for arm in reference.setting.variants
        ]
        for number, _ in reference.setting.phases
    ]


def sums(users: list[tuple[list[float], list[float]]], of: Metric) -> dict[str, float]:
    post, pre = (
        np.array([u[i] for u in users]).reshape(len(users), len(of.measures)) for i in (0, 1)
    )
    both = {"n": float(len(users))}
    for name, one in (("post", post), ("pre", pre)):
        for i in range(len(of.measures)):
            column = one[:, i] if len(users) else np.zeros(0)
            both[f"{name}{i}"] = float(column.sum())
            both[f"{name}{i}_squares"] = float((column**2).sum())
        if len(of.measures) == 2 and len(users):
            both[f"{name}_product"] = float((one[:, 0] * one[:, 1]).sum())
    for i in range(len(of.measures)):
        for j in range(len(of.measures)):
            both[f"{i}_pre_{j}"] = float((post[:, i] * pre[:, j]).sum()) if len(users) else 0.0
    return both


def found_sums(found: Samples, phase: int, arm: int, period: int) -> dict[str, float]:
    """The fields of both samples under the names of `sums`."""
    plain, cuped = found.plain[phase], found.cuped
    at = (slice(arm, arm + 1), slice(period, period + 1 or None))
    made = named(part(plain, at), "post")
    if cuped is None:
        return made
    cut = part(cuped[phase], at)
    made |= named(cut.post, "post") | named(cut.pre, "pre")
    if isinstance(cut, CupedSample):
        return made | {"0_pre_0": value(cut.product)}
    assert isinstance(cut, CupedRatioSample)
    names = ("num_pre_num", "num_pre_den", "den_pre_num", "den_pre_den")
    places = ("0_pre_0", "0_pre_1", "1_pre_0", "1_pre_1")
    return made | {p: value(getattr(cut, n)) for n, p in zip(names, places, strict=True)}


def named(sample: Any, which: str) -> dict[str, float]:
    if isinstance(sample, ProportionSample):
        return {"n": value(sample.n), f"{which}0": value(sample.successes)}
    if isinstance(sample, MeanSample):
        return {
            "n": value(sample.n),
            f"{which}0": value(sample.total),
            f"{which}0_squares": value(sample.total_squares),
        }
    return {
        "n": value(sample.n),
        f"{which}0": value(sample.numerator),
        f"{which}0_squares": value(sample.numerator_squares),
        f"{which}1": value(sample.denominator),
        f"{which}1_squares": value(sample.denominator_squares),
        f"{which}_product": value(sample.product),
    }


def value(array: Any) -> float:
    return float(np.asarray(array).reshape(-1)[0])


def assert_same(found: dict[str, float], hoped: dict[str, float], where: object) -> None:
    for name, number in found.items():
        assert number == pytest.approx(hoped.get(name, 0.0), rel=1e-9, abs=1e-9), (where, name)


SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_sum_of_every_metric_is_the_references(seed: int, new_log: Callable[[], Any]) -> None:
    world = World(seed)
    counted, _ = count(world, spec_for(ALL), new_log)
    reference = Reference(world.exposures, world.events, setting())

    assert sum(len(phase) for phase in counted.users) == 4
    for of in ALL:
        found = samples(counted.moments, of, counted.columns, cuped=True)
        hoped = expected(reference, of, reference.by_as_of)
        for phase in (0, 1):
            for arm in (0, 1):
                where = (of.key, phase, arm)
                assert_same(found_sums(found, phase, arm, 0), hoped[phase][arm], where)
    crossed = [p for p in reference.people.values() if p.crossed]
    assert sum(map(sum, counted.who.crossed)) == len(crossed)


@pytest.mark.parametrize("seed", SEEDS)
def test_so_it_is_at_every_as_of_time(seed: int, new_log: Callable[[], Any]) -> None:
    world = World(seed)
    counted, cut = count(world, spec_for(ALL, series=True), new_log)
    reference = Reference(world.exposures, world.events, setting())

    for period in {0, 3, cut.periods // 2, cut.periods - 2, cut.periods - 1}:
        last = period == cut.periods - 1
        limit = cut.seconds * (period + 1)
        end = reference.by_as_of if last else (lambda at, limit=limit: at < limit)
        for of in ALL:
            found = samples(counted.moments, of, counted.columns, cuped=True)
            hoped = expected(reference, of, end)
            for phase in (0, 1):
                for arm in (0, 1):
                    where = (of.key, phase, arm, period)
                    assert_same(found_sums(found, phase, arm, period), hoped[phase][arm], where)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_so_it_is_where_arms_come_and_go(seed: int, new_log: Callable[[], Any]) -> None:
    """B is gone from the second phase and C comes with it; both are seen where they should not."""
    world = World(seed)
    for row in world.exposures:
        if row["phase"] == 2 and row["variant"] == "B":
            row["variant"] = "C"
        if row["phase"] and row["user"] in ("u5", "u6"):
            row |= {"phase": 1, "variant": "C"}
        if row["phase"] and row["user"] in ("u7", "u8", "u9"):
            row |= {"phase": 2, "variant": "B"}
    phases = tuple(
        PhaseSpec(number=number, started_at=seconds(start), weights=weights)
        for (number, start), weights in zip(PHASES, ((1, 1, 0), (1, 0, 1)), strict=True)
    )
    spec = spec_for(ALL, variants=("A", "B", "C"), phases=phases, series=True)
    counted, cut = count(world, spec, new_log)
    coming = replace(setting(), variants=("A", "B", "C"), absent=frozenset({(1, "C"), (2, "B")}))
    reference = Reference(world.exposures, world.events, coming)

    for period in {0, cut.periods // 2, cut.periods - 1}:
        last = period == cut.periods - 1
        limit = cut.seconds * (period + 1)
        end = reference.by_as_of if last else (lambda at, limit=limit: at < limit)
        for of in ALL:
            found = samples(counted.moments, of, counted.columns, cuped=True)
            hoped = expected(reference, of, end)
            for phase in (0, 1):
                for arm in (0, 1, 2):
                    where = (of.key, phase, arm, period)
                    assert_same(found_sums(found, phase, arm, period), hoped[phase][arm], where)
    astray = [p for p in reference.people.values() if reference.is_absent(p)]
    assert {(person.phase, person.arm) for person in astray} == {(1, "C"), (2, "B")}
    assert sum(map(sum, counted.who.absent)) == len(astray)
    crossed = [p for p in reference.people.values() if p.crossed and p not in astray]
    assert sum(map(sum, counted.who.crossed)) == len(crossed)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_so_it_is_in_every_segment(seed: int, new_log: Callable[[], Any]) -> None:
    world = World(seed)
    spec = spec_for(ALL, segments=("device", "tier"))
    counted, _ = count(world, spec, new_log)
    reference = Reference(world.exposures, world.events, setting())

    seen = [(segment.attribute, segment.value) for segment, _ in counted.segments]
    assert {v for a, v in seen if a == "device"} == {None, "web", "app"}
    assert {v for a, v in seen if a == "tier"} == {None, "1"}
    for segment, moments in counted.segments:

        def inside(person: Person, segment: Any = segment) -> bool:
            return bool(person.attributes.get(segment.attribute) == segment.value)

        for of in ALL:
            found = samples(moments, of, counted.columns, cuped=True)
            hoped = expected(reference, of, reference.by_as_of, inside)
            for phase in (0, 1):
                for arm in (0, 1):
                    where = (of.key, segment, phase, arm)
                    assert_same(found_sums(found, phase, arm, 0), hoped[phase][arm], where)


def test_the_pass_that_finds_people_can_add_up_their_slates(new_log: Callable[[], Any]) -> None:
    """One phase and no pre-period: then slates are read once."""
    metrics = [m for m in ALL if m.winsorise is None]
    for seed in SEEDS:
        world = World(seed)
        for row in world.exposures:
            row["phase"] = row["phase"] and 1
        one = (PhaseSpec(number=1, started_at=START, weights=(1, 1)),)
        counted, _ = count(world, spec_for(metrics, phases=one, lookback_days=0.0), new_log)
        alone = replace(setting(), lookback=0, phases=((1, 0.0),))
        reference = Reference(world.exposures, world.events, alone)
        for of in metrics:
            found = samples(counted.moments, of, counted.columns, cuped=False)
            hoped = expected(reference, of, reference.by_as_of)
            for arm in (0, 1):
                assert_same(found_sums(found, 0, arm, 0), hoped[0][arm], (of.key, seed, arm))


PLAIN = [
    METRICS["clicks_per_user"],
    METRICS["ctr_seen"],
    METRICS["conversion"],
    metric("early_ctr", "ratio", Clicks(), Items(), window=minute(0, 60)),
]


@pytest.mark.parametrize("series", [False, True])
def test_without_request_ids_a_click_counts_from_first_exposure_on(
    series: bool, new_log: Callable[[], Any]
) -> None:
    """The fewest columns a file can have, with `impressions` for the items."""
    world = World(7)
    for row in world.exposures:
        row |= {"request_id": None, "placement": "", "reason": "split", "experiment": "home-ctr"}
        row |= {"phase": 1, "variant": row["variant"] or "A", "at": max(row["at"], 0.0)}
    log = filled(world, new_log)
    exposures = log.exposures.select("user", "variant", "at", impressions=_["items"].length())
    events = log.events.select("type", "user", "at")
    one = (PhaseSpec(number=1, started_at=START, weights=(1, 1)),)
    spec = spec_for(PLAIN, phases=one, series=series)

    counted = count_log(exposures, events, spec)

    alone = replace(setting(), phases=((1, 0.0),), linked=False)
    reference = Reference(world.exposures, world.events, alone)
    for of in PLAIN:
        found = samples(counted.moments, of, counted.columns, cuped=True)
        hoped = expected(reference, of, reference.by_as_of)
        for arm in (0, 1):
            assert_same(found_sums(found, 0, arm, -1), hoped[0][arm], (of.key, arm))
