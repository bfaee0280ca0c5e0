"""Worlds with known truth in which arms come and go, through the whole path.

As in test_simulated, replication r is in variants of its own: A<r> takes users all the time, B<r>
in the first five days, C<r> in the last five, when everybody clicks half as much again.
"""

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.metrics import METRICS, PhaseSpec, ScorecardSpec
from experiments.metrics.counting import count_log
from experiments.metrics.samples import part, samples
from experiments.stats import Comparison, Settings, compare, compare_phases
from tests.experiments.metrics.test_simulated import SPAN, World, named

REPLICATIONS = 100
USERS = 750
"""Of a replication, of whom about a third first come in the last five days."""
BETTER_DAYS = 1.5
LIFT = 0.3
FIXED = Settings(method="fixed")
ABSENT = {"B": [False, True], "C": [True, False]}


class ComingWorld(World):
    """Users take part from their first visit on, in the phase of it; visits to an arm that is gone
    by then are served by nobody.
    """

    def __init__(self, spec: ScorecardSpec, lift: float) -> None:
        super().__init__(spec, USERS // 3)
        changed = np.datetime64(spec.phase.started_at.replace(tzinfo=None), "us")
        late = self.served >= changed
        users = int(self.user.max()) + 1
        came_late = np.ones(users, dtype=bool)
        np.logical_and.at(came_late, self.user, late)
        other = np.where(came_late, 2, 1)
        kind = np.where(self.rng.random(users) < 0.5, 0, other)
        self.arm = (np.arange(users) % REPLICATIONS * 3 + kind)[self.user]
        self.taste = (
            self.taste * np.where(late, BETTER_DAYS, 1.0) * (1 + lift * (self.arm % 3 == 2))
        )
        self.phase = np.where(late, 2, 1)
        kept = ~((self.arm % 3 == 1) & late)
        for name in ("user", "arm", "taste", "served", "phase"):
            setattr(self, name, getattr(self, name)[kept])
        self.name = named("u", self.user)


@pytest.fixture
def spec(make_spec: Callable[..., ScorecardSpec]) -> ScorecardSpec:
    start = make_spec().started_at
    phases = tuple(
        PhaseSpec(number=n + 1, started_at=start + n * SPAN / 2, weights=weights * REPLICATIONS)
        for n, weights in enumerate(((1, 1, 0), (1, 0, 1)))
    )
    variants = tuple(f"{arm}{r}" for r in range(REPLICATIONS) for arm in "ABC")
    return make_spec(variants=variants, control="A0", phases=phases, as_of=start + SPAN)


def ctr(connection: Any, spec: ScorecardSpec, lift: float = 0.0) -> tuple[Any, ...]:
    """Samples of A, B and C per phase, of shape (replications, 1)."""
    world = ComingWorld(spec, lift)
    counted = count_log(
        connection.create_table("coming_exposures", world.exposures(), overwrite=True),
        connection.create_table("coming_events", world.events(), overwrite=True),
        spec,
    )
    assert sum(map(sum, counted.who.absent)) == 0
    found = samples(counted.moments, METRICS["ctr"], counted.columns, cuped=False).plain
    return tuple([part(phase, slice(i, None, 3)) for phase in found] for i in range(3))


def rejections(found: Comparison) -> int:
    return int((np.asarray(found.p_value) < 0.05).sum())


def test_arms_that_come_and_go_are_not_told_from_the_control_by_their_days(
    connection: Any, spec: ScorecardSpec
) -> None:
    control, *others = ctr(connection, spec)
    most = stats.binom.ppf(0.9995, REPLICATIONS, 0.05)

    for arm, treatment in zip("BC", others, strict=True):
        found = compare_phases(control, treatment, FIXED, absent=np.reshape(ABSENT[arm], (2, 1, 1)))
        assert (found.left_out == "not_in_phase").sum() == REPLICATIONS
        assert not np.isnan(found.combined.p_value).any()
        assert rejections(found.combined) <= most
    pooled = compare(reduce(add, control), reduce(add, others[1]), FIXED)
    assert rejections(pooled) > most


def test_a_lift_of_an_arm_of_one_phase_is_found_as_it_is(
    connection: Any, spec: ScorecardSpec
) -> None:
    control, _, treatment = ctr(connection, spec, LIFT)

    absent = np.reshape(ABSENT["C"], (2, 1, 1))
    effect = np.asarray(compare_phases(control, treatment, FIXED, absent=absent).combined.effect)
    pooled = np.asarray(compare(reduce(add, control), reduce(add, treatment), FIXED).effect)

    error = effect.std() / np.sqrt(REPLICATIONS)
    assert abs(effect.mean() - LIFT) < 4 * error < 0.1
    assert pooled.mean() > LIFT + 0.1
