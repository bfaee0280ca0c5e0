"""Worlds with known truth, through the whole path: how often does the scorecard cry wolf?

All replications live in one log, replication r in the variants A<r> and B<r>, so that one query
counts them all. Users differ in how often they come and how readily they click, and come back on
several days: that is what makes an impression, or a visit, the wrong unit.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats

from experiments.metrics import METRICS, ScorecardSpec, scorecard
from experiments.metrics.counting import count_log
from experiments.metrics.samples import part, samples
from experiments.stats import Comparison, RatioSample, Settings, compare, floor

MakeSpec = Callable[..., ScorecardSpec]

REPLICATIONS = 300
ITEMS = 4
SPAN = timedelta(days=10)
FEWEST, MOST = (float(stats.binom.ppf(q, REPLICATIONS, 0.05)) for q in (0.0005, 0.9995))


def spec_for(make_spec: MakeSpec, variants: list[str]) -> ScorecardSpec:
    return make_spec(
        variants=tuple(variants),
        control=variants[0],
        weights=(1.0,) * len(variants),
        series=True,
        as_of=make_spec().started_at + SPAN,
        tuning=260.0,
    )


class World:
    """Slates and clicks of `users` per variant; in every second variant taste is up by `lift`."""

    def __init__(
        self, spec: ScorecardSpec, users: int, lift: float = 0.0, *, anew: bool = False
    ) -> None:
        self.rng = np.random.default_rng(20260301)
        self.spec = spec
        arms = len(spec.variants)
        visits = 1 + np.minimum(self.rng.pareto(1.5, users * arms).astype(int), 40)
        self.user = np.repeat(np.arange(users * arms), visits)
        self.arm = self.user % arms
        self.taste = self.rng.beta(1.0, 4.0, users * arms)[self.user] * (1 + lift * (self.arm % 2))
        seconds = self.rng.integers(0, int(SPAN.total_seconds()), len(self.user))
        start = np.datetime64(spec.started_at.replace(tzinfo=None), "us")
        self.served = start + seconds.astype("timedelta64[s]")
        self.phase = np.full(len(self.user), spec.phase.number)
        self.name = named("u", self.user)
        if anew:  # each day is taken for another user
            days = seconds // int(timedelta(days=1).total_seconds())
            self.name = np.char.add(self.name, named("@", days))

    def exposures(self) -> pa.Table:
        slates = len(self.user)
        score = pa.array(np.ones(slates * ITEMS))
        item = pa.StructArray.from_arrays(
            [pa.array(list("abcd") * slates), score, score], ["id", "score", "propensity"]
        )
        starts = pa.array(np.arange(0, slates * ITEMS + 1, ITEMS), pa.int32())
        return pa.table(
            {
                "request_id": named("r", np.arange(slates)),
                "user": self.name,
                "experiment": [self.spec.experiment] * slates,
                "phase": self.phase,
                "variant": np.array(self.spec.variants)[self.arm],
                "items": pa.ListArray.from_arrays(starts, item),
                "reason": ["split"] * slates,
                "at": utc(self.served),
            }
        )

    def events(self) -> pa.Table:
        chance = self.rng.random((len(self.user), ITEMS))
        slate, position = np.nonzero(chance < self.taste[:, None])
        return pa.table(
            {
                "type": ["click"] * len(slate),
                "user": self.name[slate],
                "item": np.array(list("abcd"))[position],
                "request_id": named("r", slate),
                "at": utc(self.served[slate] + np.timedelta64(7, "s")),
            }
        )


def named(letter: str, numbers: NDArray[Any]) -> NDArray[Any]:
    return np.char.add(letter, numbers.astype(str))


def utc(times: NDArray[Any]) -> pa.Array:
    return pa.array(times, pa.timestamp("us", tz="UTC"))


@pytest.fixture
def aa_spec(make_spec: MakeSpec) -> ScorecardSpec:
    return spec_for(make_spec, [f"{arm}{r}" for r in range(REPLICATIONS) for arm in "AB"])


@pytest.fixture(scope="module")
def aa_ctr(connection: Any) -> Callable[..., tuple[Any, Any]]:
    """Control and treatment samples, of shape (replications, periods), each world counted once."""
    made: dict[bool, tuple[Any, Any]] = {}

    def ctr(spec: ScorecardSpec, *, anew: bool = False) -> tuple[Any, Any]:
        if anew not in made:
            world = World(spec, users=130, anew=anew)
            counted = count_log(
                connection.create_table("aa_exposures", world.exposures(), overwrite=True),
                connection.create_table("aa_events", world.events(), overwrite=True),
                spec,
            )
            found = samples(counted.moments, METRICS["ctr"], counted.columns, cuped=False)
            (sample,) = found.plain
            made[anew] = part(sample, slice(0, None, 2)), part(sample, slice(1, None, 2))
        return made[anew]

    return ctr


def rejections(found: Comparison) -> int:
    """Replications called significant at the last as-of time."""
    return int((np.asarray(found.p_value)[:, -1] < 0.05).sum())


def test_the_fixed_test_rejects_five_percent_of_worlds_without_effect(
    aa_ctr: Callable[..., Any], aa_spec: ScorecardSpec
) -> None:
    control, treatment = aa_ctr(aa_spec)

    found = compare(control, treatment, Settings(method="fixed"))

    assert FEWEST <= rejections(found) <= MOST


def test_with_impressions_as_the_unit_it_would_not(
    aa_ctr: Callable[..., Any], aa_spec: ScorecardSpec
) -> None:
    control, treatment = (of_impressions(arm) for arm in aa_ctr(aa_spec))

    assert rejections(compare(control, treatment, Settings(method="fixed"))) > 2 * MOST


def of_impressions(arm: RatioSample) -> RatioSample:
    """The same totals, had every impression been a user."""
    clicks, served = arm.numerator, arm.denominator
    return RatioSample(
        n=served,
        numerator=clicks,
        numerator_squares=clicks,
        denominator=served,
        denominator_squares=served,
        product=clicks,
    )


def test_with_a_users_days_added_as_if_they_were_users_it_would_not(
    aa_ctr: Callable[..., Any], aa_spec: ScorecardSpec
) -> None:
    control, treatment = aa_ctr(aa_spec, anew=True)

    assert rejections(compare(control, treatment, Settings(method="fixed"))) > 1.5 * MOST


def test_the_sequential_test_may_be_peeked_at_in_every_period(
    aa_ctr: Callable[..., Any], aa_spec: ScorecardSpec
) -> None:
    control, treatment = aa_ctr(aa_spec)
    judged = is_judged(control) & is_judged(treatment)

    found = compare(control, treatment, Settings(tuning=aa_spec.tuning))
    fixed = compare(control, treatment, Settings(method="fixed"))

    assert judged.any(axis=1).mean() > 0.9
    assert ever(found, judged) <= MOST
    assert ever(fixed, judged) > MOST


def is_judged(arm: RatioSample) -> NDArray[np.bool_]:
    found = floor(arm)
    missing = np.asarray(found.users_missing) + np.asarray(found.precision_missing)
    return np.asarray(missing == 0)


def ever(found: Comparison, judged: NDArray[np.bool_]) -> int:
    return int(((np.asarray(found.p_value) < 0.05) & judged).any(axis=1).sum())


@pytest.mark.parametrize(("lift", "state"), [(0.0, "inconclusive"), (0.5, "ship")])
def test_a_whole_scorecard_finds_the_truth_of_its_world(
    connection: Any, make_spec: MakeSpec, lift: float, state: str
) -> None:
    spec = spec_for(make_spec, ["A", "B"])
    world = World(spec, users=2_000, lift=lift)
    exposures = connection.create_table("exposures", world.exposures(), overwrite=True)
    events = connection.create_table("events", world.events(), overwrite=True)

    found = scorecard(exposures, events, spec)

    shown = found.metric("ctr").comparisons[0].result("sequential", "relative")
    assert [check.healthy for check in found.health] == [True, True, True, True]
    assert [arm.users for arm in found.arms] == [2_000, 2_000]
    assert found.decision.state == state
    assert shown.low is not None
    assert shown.high is not None
    assert shown.low < lift < shown.high
