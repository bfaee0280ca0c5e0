"""Arms that come and go: a treatment is compared over the phases it was in, and in no other.

Worlds of three phases: B is there in the first two, C in the last two, and the days get better for
everybody, as days do.
"""

from typing import Any

import numpy as np
import pytest

from experiments.stats import (
    ProportionSample,
    Reason,
    SampleError,
    Settings,
    compare_phases,
    holm,
)
from tests.experiments.stats.users import at_least, at_most

WORLDS = 20_000
FIXED = Settings(method="fixed", scale="absolute")
RATES = (0.04, 0.06, 0.09)
CONTROL = (6_000, 4_000, 5_000)
TREATMENTS = ((1_500, 4_000, 0), (0, 4_000, 5_000))
ABSENT = np.array(TREATMENTS).T[:, :, None] == 0
LIFT = np.array([[0.0], [0.2]])

ONE, OTHER = ProportionSample(9_000, 540), ProportionSample(1_000, 75)
NOBODY = ProportionSample(0, 0)


def worlds(rng: np.random.Generator, lift: Any = 0.0) -> tuple[list[Any], list[Any]]:
    """Samples per phase, of shape (1, worlds) and (treatments, worlds)."""
    controls, treatments = [], []
    for phase, rate in enumerate(RATES):
        users = np.array(TREATMENTS)[:, phase, None]
        drawn = rng.binomial(users, rate * (1 + lift), (2, WORLDS))
        controls.append(
            ProportionSample(CONTROL[phase], rng.binomial(CONTROL[phase], rate, (1, WORLDS)))
        )
        treatments.append(ProportionSample(np.broadcast_to(users, drawn.shape), drawn))
    return controls, treatments


def test_a_phase_without_the_arm_is_left_out_for_a_reason_of_its_own() -> None:
    found: Any = compare_phases([ONE, ONE], [NOBODY, OTHER], absent=[True, False])
    alone: Any = compare_phases([ONE], [OTHER])
    assert found.left_out.tolist() == [Reason.NOT_IN_PHASE, None]
    assert found.weights.tolist() == [0.0, 1.0]
    assert repr(found.combined) == repr(alone.combined)


def test_what_an_absent_arm_holds_does_not_count() -> None:
    astray = ProportionSample(500, 500)
    given = [
        compare_phases([ONE] * 3, [OTHER, arm, OTHER], absent=[0, 1, 0]) for arm in (NOBODY, astray)
    ]
    assert repr(given[0]) == repr(given[1])
    assert given[0].weights.tolist() == [0.5, 0.0, 0.5]


def test_the_reason_of_all_is_never_the_absence_of_one() -> None:
    few = ProportionSample(50, 5)
    found: Any = compare_phases([ONE, ONE], [NOBODY, few], absent=[True, False])
    assert found.left_out.tolist() == [Reason.NOT_IN_PHASE, Reason.COLLECTING]
    assert found.combined.reason is Reason.COLLECTING
    nowhere: Any = compare_phases([ONE], [NOBODY], absent=[True])
    assert nowhere.combined.reason is Reason.NOT_IN_PHASE
    assert np.isnan(nowhere.combined.effect)


def test_absences_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(SampleError) as refused:
        compare_phases([ONE, ONE], [OTHER, OTHER], absent=[True, False, False])
    assert refused.value.field == "absent"


def test_arms_that_come_and_go_reject_five_per_cent_where_pooling_rejects_most() -> None:
    controls, treatments = worlds(np.random.default_rng(61))
    p: Any = compare_phases(controls, treatments, FIXED, absent=ABSENT).combined.p_value
    for arm in range(2):
        assert at_least(0.05, WORLDS) <= (p[arm] < 0.05).sum() <= at_most(0.05, WORLDS)
    any_of_both = (holm(p.T) < 0.05).any(axis=1).sum()
    assert at_least(0.04, WORLDS) <= any_of_both <= at_most(0.05, WORLDS)
    pooled: Any = compare_phases([sum_of(controls)], [sum_of(treatments)], FIXED).combined
    assert ((pooled.p_value < 0.05).mean(axis=1) > [0.5, 0.9]).all()


def test_to_forget_an_arm_that_was_taken_out_would_break_the_correction() -> None:
    # Whoever takes out the worse of two and corrects for the one that is left has had two chances.
    controls, treatments = worlds(np.random.default_rng(62))
    p: Any = compare_phases(controls, treatments, FIXED, absent=ABSENT).combined.p_value
    assert (p.min(axis=0) < 0.05).sum() > at_most(0.08, WORLDS)
    assert ((holm(p.T) < 0.05).any(axis=1)).sum() <= at_most(0.05, WORLDS)


@pytest.mark.parametrize("weighting", ["inverse_variance", "users"])
def test_a_lift_of_an_arm_of_some_phases_is_estimated_without_bias(weighting: Any) -> None:
    controls, treatments = worlds(np.random.default_rng(63), LIFT)
    lift = Settings(method="fixed")
    found: Any = compare_phases(controls, treatments, lift, weighting, absent=ABSENT).combined
    errors = found.std_error.mean(axis=1) / np.sqrt(WORLDS)
    # A ratio of means is biased by its denominator's variance, here by a thousandth at most.
    assert np.abs(found.effect.mean(axis=1) - LIFT[:, 0]).max() < 0.0015 + 4 * errors.max()
    missed = ((found.low > LIFT) | (found.high < LIFT)).sum(axis=1)
    assert (missed >= at_least(0.048, WORLDS)).all()
    assert (missed <= at_most(0.054, WORLDS)).all()
    pooled: Any = compare_phases([sum_of(controls)], [sum_of(treatments)], lift).combined
    assert (np.abs(pooled.effect.mean(axis=1) - LIFT[:, 0]) > 0.05).all()


def test_the_sequential_test_may_be_peeked_at_while_arms_come_and_go() -> None:
    # A look after every hundred users of the control, over phases in which the arm is, is not, is.
    rng, worlds_here = np.random.default_rng(64), 4_000
    looks = 60
    rates = np.repeat([0.10, 0.25, 0.14], looks)
    there = np.repeat([True, False, True], looks)
    users = np.repeat([[100], [50], [100]], looks), np.repeat([[25], [0], [100]], looks)
    done = [rng.binomial(n, rates, (worlds_here, 3 * looks)) for n in users]
    control, treatment = (_cumulated(n, c, looks) for n, c in zip(users, done, strict=True))
    absent = np.array([False, True, False])[:, None, None]
    settings = Settings(scale="absolute", tuning=10_000)
    found: Any = compare_phases(control, treatment, settings, absent=absent).combined
    ever = (found.p_value < 0.05).any(axis=1).sum()
    assert 0 < ever <= at_most(0.05, worlds_here)
    still = found.p_value[:, looks - 1 : 2 * looks]
    assert there.sum() == 2 * looks
    assert (still == still[:, :1]).all()  # nothing is learnt of an arm that is away


def _cumulated(users: Any, done: Any, looks: int) -> list[ProportionSample]:
    """The sample of each phase at every look of all phases."""
    phases = []
    for phase in range(3):
        inside = np.arange(3 * looks) // looks == phase
        n = np.where(inside, users, 0).cumsum()
        phases.append(
            ProportionSample(
                np.broadcast_to(n, done.shape), np.where(inside, done, 0).cumsum(axis=1)
            )
        )
    return phases


def sum_of(phases: list[Any]) -> Any:
    first, *others = phases
    for sample in others:
        first = first + sample
    return first
