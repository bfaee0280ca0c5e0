"""Looking at an analysis otherwise than it decides: from the samples kept with it."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest
from msgspec.structs import replace

from experiments.metrics import METRICS, Analysed, PhaseSpec, ScorecardSpec, Tracked, analysed
from experiments.metrics.exploring import (
    CannotExplore,
    Choice,
    Cut,
    KeptSamples,
    explore,
    offered,
    pack,
    recompute,
    refusals,
    unpack,
    usual,
)
from experiments.metrics.exploring import kept as kept_module
from experiments.metrics.results import Check, ComparisonResult, JudgedLook, Scorecard
from experiments.stats import RatioSample, Settings, compare
from tests.experiments.metrics.conftest import START, ToyLog, seconds

ANDROID, IOS = (Cut(attribute="platform", value=value) for value in ("android", "ios"))
RATES = {"A": 0.2, "B": 0.3, "C": 0.25}
SECOND = 300
"""When the second phase begins, in seconds; C comes with it."""


class World(NamedTuple):
    spec: ScorecardSpec
    done: Analysed
    people: dict[str, tuple[int, str, str]]
    counts: dict[str, list[int]]

    @property
    def card(self) -> Scorecard:
        return self.done.scorecard

    @property
    def kept(self) -> KeptSamples:
        return self.done.samples

    def explored(self, **changes: Any) -> Scorecard:
        choice = replace(usual(self.card), **changes)
        return explore(self.card, self.spec, self.kept, choice)


@pytest.fixture(scope="module")
def world(connection: Any) -> World:
    """Two phases, three arms of which one came later, two platforms, and a minute before."""
    log, dice = ToyLog(connection), random.Random(7)
    people: dict[str, tuple[int, str, str]] = {}
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for n in range(1500):
        user, phase = f"u{n}", 1 + n % 2
        variant = dice.choice("AB" if phase == 1 else "ABC")
        platform = "android" if n % 3 else "ios"
        people[user] = (phase, variant, platform)
        at = 100 + n / 10 if phase == 1 else SECOND + n / 10
        _visit(log, dice, user, None, at - 60, platform)
        for visit in range(2):
            clicked = _visit(log, dice, user, variant, at + visit, platform, phase=phase)
            counts[user][0] += clicked
            counts[user][1] += 3
    spec = _spec()
    return World(spec, analysed(log.exposures, log.events, spec), people, counts)


def _visit(
    log: ToyLog, dice: random.Random, user: str, variant: str | None, at: float, platform: str,
    phase: int = 1,
) -> int:  # fmt: skip
    changes: dict[str, Any] = {} if variant else {"experiment": None, "reason": "no_experiment"}
    request = log.serve(
        user, variant, "xyz", at, phase=phase, attributes={"platform": platform}, **changes
    )
    eager = 0.1 * (int(user[1:]) % 5)
    clicked = [letter for letter in "xyz" if dice.random() < RATES.get(variant or "A", 0) + eager]
    for letter in clicked:
        log.click(user, request, letter, at + 0.5)
    return len(clicked)


def _spec(**changes: Any) -> ScorecardSpec:
    fields: dict[str, Any] = {
        "experiment": "home-ctr",
        "control": "A",
        "variants": ("A", "B", "C"),
        "phases": (
            PhaseSpec(number=1, started_at=START, weights=(0.5, 0.5, 0.0)),
            PhaseSpec(number=2, started_at=seconds(SECOND), weights=(1.0, 1.0, 1.0)),
        ),
        "as_of": START + timedelta(minutes=20),
        "metrics": (
            Tracked(metric=METRICS["ctr"], role="goal"),
            Tracked(metric=METRICS["clicks_per_user"], role="goal"),
            Tracked(metric=METRICS["clicked"]),
            Tracked(metric=METRICS["impressions_per_user"], role="guardrail", margin=0.05),
        ),
        "tuning": 1000.0,
        "lookback_days": 80 / 86_400,
        "segments": ("platform",),
    }
    return ScorecardSpec(**(fields | changes))


def test_the_usual_choice_is_the_scorecard_as_it_was_stored(world: World) -> None:
    assert explore(world.card, world.spec, world.kept, usual(world.card)) is world.card
    assert explore(world.card, world.spec, None, usual(world.card)) is world.card


def test_samples_come_to_exactly_what_was_stored(world: World) -> None:
    again = recompute(world.card, world.spec, world.kept, usual(world.card))

    for stored, found in zip(world.card.metrics, again.metrics, strict=True):
        assert found.values == stored.values
        for one, other in zip(stored.comparisons, found.comparisons, strict=True):
            assert set(other.results) <= set(one.results)
            assert replace(other, results=one.results) == one


@pytest.mark.parametrize("cuped", [False, True])
@pytest.mark.parametrize("method", ["sequential", "fixed"])
def test_every_method_with_and_without_cuped_is_the_stored_result(
    world: World, method: Any, cuped: Any
) -> None:
    shown = world.explored(method=method, cuped=cuped, correction="none")

    for metric in world.card.metrics:
        for comparison in metric.comparisons:
            found = shown.metric(metric.metric).comparison(comparison.variant)
            for scale in ("relative", "absolute"):
                assert found.decided(scale) == comparison.result(method, scale, cuped=cuped)


@pytest.mark.parametrize("cut", [ANDROID, IOS])
@pytest.mark.parametrize("cuped", [False, True])
def test_a_segment_is_its_stored_result(world: World, cut: Cut, cuped: Any) -> None:
    shown = world.explored(cut=cut, cuped=cuped, correction="none")

    for metric in world.card.metrics:
        [stored] = [s for s in metric.segments if s.value == cut.value]
        found = shown.metric(metric.metric)
        assert found.values == stored.values
        for comparison in stored.comparisons:
            [wanted] = [
                r
                for r in comparison.results
                if (r.method, r.scale, r.cuped) == ("sequential", "absolute", cuped)
            ]
            assert found.comparison(comparison.variant).decided("absolute") == wanted
            assert found.comparison(comparison.variant).floor == comparison.floor


@pytest.mark.parametrize(("phase", "variants"), [(1, ("B",)), (2, ("B", "C"))])
@pytest.mark.parametrize("cut", [None, ANDROID])
@pytest.mark.parametrize("method", ["sequential", "fixed", "bayesian"])
def test_a_phase_is_what_its_users_come_to_when_counted_one_by_one(
    world: World, phase: int, variants: tuple[str, ...], cut: Cut | None, method: Any
) -> None:
    shown = world.explored(phase=phase, cut=cut, method=method, correction="none")

    control = _counted(world, phase, "A", cut)
    assert tuple(c.variant for c in shown.metric("ctr").comparisons) == variants
    for variant in variants:
        hoped = compare(
            control,
            _counted(world, phase, variant, cut),
            Settings(method=method, tuning=1000, confidence=0.95),
        )
        found = shown.metric("ctr").comparison(variant).decided("relative")
        assert _figures(found) == pytest.approx(
            [hoped.effect, hoped.low, hoped.high, hoped.std_error], rel=1e-12
        )


def _counted(world: World, phase: int, variant: str, cut: Cut | None) -> RatioSample:
    """Clicks and impressions of each user of the toy log, without the engine."""
    theirs = np.array(
        [
            world.counts[user]
            for user, (first, arm, platform) in world.people.items()
            if (first, arm) == (phase, variant) and (cut is None or platform == cut.value)
        ],
        dtype=float,
    )
    clicks, shown = theirs.T
    return RatioSample(
        n=len(theirs),
        numerator=clicks.sum(),
        numerator_squares=(clicks**2).sum(),
        denominator=shown.sum(),
        denominator_squares=(shown**2).sum(),
        product=(clicks * shown).sum(),
    )


def _figures(found: ComparisonResult) -> list[float | None]:
    return [found.effect, found.low, found.high, found.std_error]


def test_the_decision_stands_whatever_is_looked_at(world: World) -> None:
    shown = world.explored(method="fixed", cut=IOS, phase=2, correction="none")

    assert (shown.decision, shown.decisions) == (world.card.decision, world.card.decisions)


def test_a_correction_alone_keeps_the_looks_before(world: World) -> None:
    early = JudgedLook(p_value=1e-9, effect=0.1)
    [ctr, *others] = world.card.metrics
    judged = tuple(replace(c, judged=early, p_value=early.p_value) for c in ctr.comparisons)
    card = replace(world.card, metrics=(replace(ctr, comparisons=judged), *others))

    def shown(**changes: Any) -> float | None:
        choice = replace(usual(card), **changes)
        found = explore(card, world.spec, world.kept, choice)
        return found.metric("ctr").comparison("B").p_value

    assert shown(correction="none") == 1e-9
    assert shown(correction="none", cuped=True) != 1e-9


def test_a_correction_widens_the_goals_alone(world: World) -> None:
    # 2 goals x 2 treatments share the error.
    none, holm = (world.explored(correction=c, method="fixed") for c in ("none", "holm"))

    for key, together in (("ctr", True), ("clicks_per_user", True), ("clicked", False)):
        one, other = (card.metric(key).comparison("B").confidence for card in (none, holm))
        assert one == 0.95
        assert (other > 0.95) is together


def test_the_floor_and_health_hold_wherever_one_looks(world: World) -> None:
    failed = Check(
        name="sample_ratio", healthy=False, p_value=1e-9, reason=None, detail="", figures=()
    )
    sick = replace(world.card, health=(failed,))
    shown = explore(sick, world.spec, world.kept, replace(usual(sick), correction="none"))
    readings = {c.reading for m in shown.metrics for c in m.comparisons}
    assert readings <= {"no_call", "collecting"}

    few = KeptSamples(
        variants=world.kept.variants,
        phases=world.kept.phases,
        cuts=tuple(
            kept_module.KeptCut(c.attribute, c.value, c.rest, dict.fromkeys(c.metrics, SMALL))
            for c in world.kept.cuts
        ),
    )
    spec = replace(world.spec, metrics=world.spec.metrics[:1])
    choice = replace(usual(world.card), phase=2, correction="none")
    low = explore(world.card, spec, few, choice).metric("ctr").comparison("B")
    assert (low.reading, low.floor.reached, low.floor.users) == ("collecting", False, 50)


ROWS = tuple((value,) * 3 for value in (50.0, 20.0, 40.0, 300.0, 2000.0, 130.0))
SMALL = kept_module.KeptMetric("ratio", (ROWS, ROWS), None)
"""Of 50 users in each arm and phase."""


def test_a_method_of_one_look_waits_for_the_planned_users(world: World) -> None:
    waiting = replace(world.spec, tuning=1e6)
    choice = replace(usual(world.card), method="fixed")

    found = explore(world.card, waiting, world.kept, choice).metric("ctr").comparison("B")

    assert found.reading == "not_due"


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"phase": 3}, "phase", "this snapshot has no such phase"),
        ({"cut": Cut(attribute="platform", value="tv")}, "cut", "has no such segment"),
        ({"method": "bayesian", "correction": "none"}, "method", "choose one phase"),
        ({"method": "bayesian", "phase": 2}, "correction", "a posterior is not corrected"),
        ({"method": "fixed", "correction": "e_bh"}, "correction", "e-values of the sequential"),
    ],
)
def test_what_is_not_to_be_had_is_named(
    world: World, changes: dict[str, Any], field: str, said: str
) -> None:
    with pytest.raises(CannotExplore, match=said) as raised:
        world.explored(**changes)

    assert raised.value.field == field


def test_without_a_pre_period_there_is_no_cuped(world: World) -> None:
    card = replace(world.card, lookback_days=0.0)

    assert [(o.value, o.refused) for o in offered(card, usual(card), "cuped")] == [
        (False, None),
        (True, "no_pre_period"),
    ]


def test_a_single_comparison_has_nothing_to_correct(world: World) -> None:
    alone = replace(world.card, metrics=world.card.metrics[::2])
    choice = Choice(method="sequential", cuped=False, correction="holm", phase=1)

    assert list(refusals(alone, choice)) == [("correction", "one_comparison")]


def test_without_samples_nothing_but_the_usual_is_shown(world: World) -> None:
    with pytest.raises(CannotExplore, match="keeps no samples") as raised:
        explore(world.card, world.spec, None, replace(usual(world.card), phase=2))

    assert raised.value.field == "phase"


def test_bytes_hold_every_figure_and_no_more_with_more_users(world: World) -> None:
    body = pack(world.kept)

    assert unpack(body) == world.kept
    figures = 4 * 3 * 2 * (6 + 6 + 4) * 3  # metrics, cuts, phases, rows of both, variants
    assert len(body) < 9 * figures


def test_samples_of_another_form_are_none(world: World) -> None:
    assert unpack(pack(replace(world.kept, version=2))) is None


def test_everything_offered_is_to_be_had(world: World) -> None:
    """Each control changed by itself, from each choice that is to be had."""
    fields = ("method", "cuped", "correction", "phase", "cut")
    tried = 0
    for method, phase in product(("sequential", "fixed"), (None, 1, 2)):
        start = Choice(method=method, cuped=False, correction="none", phase=phase)  # type: ignore[arg-type]
        for field in fields:
            for offer in offered(world.card, start, field):
                choice = replace(start, **{field: offer.value})
                if offer.refused is None:
                    explore(world.card, world.spec, world.kept, choice)
                    tried += 1
                else:
                    with pytest.raises(CannotExplore):
                        explore(world.card, world.spec, world.kept, choice)
    assert tried > 40
