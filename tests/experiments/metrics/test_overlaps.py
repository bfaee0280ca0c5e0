"""Users of the experiment who are in others at the same time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from experiments.assignment import bucket_many
from experiments.metrics import Scorecard, ScorecardSpec, scorecard
from experiments.metrics.overlapping import Cell
from experiments.metrics.overlaps import overlap_check, overlaps, shown
from experiments.metrics.results import Check, Overlap
from experiments.stats import holm, independence
from tests.experiments.stats.binomial import at_least, at_most

MakeSpec = Callable[..., ScorecardSpec]
Table = list[list[int]]


def serve_both(log: Any, name: str, table: Table, *, at: float = 50, **changes: Any) -> None:
    """Rows are arms here (A, B), served at second 10; columns the variants there (X, Y)."""
    for arm, row in zip("AB", table, strict=True):
        for variant, users in zip("XY", row, strict=True):
            for i in range(users):
                user = f"{name}{arm}{variant}{i}"
                log.serve(user, arm, "a", at=10)
                log.serve(user, variant, "b", at=at, **{"experiment": name} | changes)


def card(log: Any, spec: ScorecardSpec) -> Scorecard:
    return scorecard(log.exposures, log.events, spec)


def check(found: Scorecard) -> Check:
    return next(c for c in found.health if c.name == "other_experiments")


def real(value: float | None) -> float:
    """A number that has to be there."""
    assert value is not None
    return value


def pearson(table: Table) -> float:
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def test_splits_that_are_independent_are_healthy(log: Any, make_spec: MakeSpec) -> None:
    serve_both(log, "cart", [[30, 20], [25, 25]])
    for i in range(100):
        log.serve(f"alone{i}", "AB"[i % 2], "a", at=10)

    found = card(log, make_spec())

    p = pytest.approx(pearson([[30, 20], [25, 25]]))
    assert found.overlaps == (
        Overlap(
            experiment="cart",
            users=100,
            share=0.5,
            healthy=True,
            p_value=p,  # type: ignore[arg-type]
            adjusted_p_value=p,  # type: ignore[arg-type]
            reason=None,
        ),
    )
    assert check(found).healthy is True
    assert check(found).p_value == p
    assert check(found).detail == (
        "100 of 200 users were also in cart; arms there are spread alike over the arms here."
    )


def test_an_experiment_whose_arms_follow_ours_is_unhealthy_and_named(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_both(log, "cart", [[40, 10], [10, 40]])
    serve_both(log, "search", [[30, 30], [30, 30]])

    found = card(log, make_spec())

    assert [(o.experiment, o.users, o.healthy) for o in found.overlaps] == [
        ("search", 120, True),
        ("cart", 100, False),
    ]
    ps = [pearson([[30, 30], [30, 30]]), pearson([[40, 10], [10, 40]])]
    assert [o.p_value for o in found.overlaps] == pytest.approx(ps)
    assert [o.adjusted_p_value for o in found.overlaps] == pytest.approx(list(holm(ps)))
    assert check(found).detail == (
        "Arms of cart are not spread alike over the arms here: what is done there would count as "
        "an effect of what is done here. 120 of 220 users were also in search, and fewer in 1 "
        "other experiment."
    )
    assert [c.name for c in found.failed_checks] == ["other_experiments"]
    assert found.decision.rule == "health_failed"


def test_an_experiment_that_runs_in_one_of_our_arms_alone_is_unhealthy(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_both(log, "cart", [[0, 0], [30, 30]])
    for i in range(60):
        log.serve(f"alone{i}", "A", "a", at=10)

    (found,) = card(log, make_spec()).overlaps

    assert (found.healthy, found.p_value, found.reason) == (False, None, "one_arm")


def test_an_experiment_whose_shared_users_all_saw_one_variant_mixes_nothing_in(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_both(log, "cart", [[30, 0], [30, 0]])

    found = card(log, make_spec())

    assert [(o.healthy, o.p_value, o.reason) for o in found.overlaps] == [
        (True, None, "one_variant")
    ]
    assert (check(found).healthy, check(found).reason) == (True, "one_variant")


def test_a_ratio_there_that_changes_between_phases_is_no_dependence(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_both(log, "cart", [[72, 8], [72, 8]], phase=1)
    first = {"experiment": "cart", "phase": 1}
    for arm, users in (("A", 10), ("B", 60)):  # in the second phase there, arm B is much commoner
        for i in range(users):
            user = f"late{arm}{i}"
            log.serve(user, arm, "a", at=10)
            log.serve(user, "XY"[i % 2], "b", at=60, **first | {"phase": 2})
            log.serve(user, "X", "b", at=70, **first | {"phase": 3})

    (found,) = card(log, make_spec()).overlaps

    assert pearson([[77, 13], [102, 38]]) < 0.05
    assert (found.users, found.p_value) == (230, 1.0)


def test_who_came_first_is_told_apart(log: Any, make_spec: MakeSpec) -> None:
    serve_both(log, "cart", [[90, 30], [30, 10]], at=50)
    for arm, row in (("A", (10, 30)), ("B", (30, 90))):
        for variant, users in zip("XY", row, strict=True):
            for i in range(users):
                log.serve(f"there{arm}{variant}{i}", variant, "b", at=5, experiment="cart")
                log.serve(f"there{arm}{variant}{i}", arm, "a", at=10)

    (found,) = card(log, make_spec()).overlaps

    assert pearson([[100, 60], [60, 100]]) < 0.001
    assert (found.users, found.p_value, found.healthy) == (320, 1.0, True)


@pytest.mark.parametrize("changes", [{"reason": "override"}, {"at": -5}, {"at": 700}])
def test_only_splits_from_the_start_to_now_are_shared(
    log: Any, make_spec: MakeSpec, changes: dict[str, Any]
) -> None:
    serve_both(log, "cart", [[5, 0], [0, 5]], **changes)

    found = card(log, make_spec())

    assert found.overlaps == ()
    assert (check(found).healthy, check(found).reason) == (True, "no_such_users")
    assert check(found).detail == "Nobody was in another experiment at the same time."


def test_a_user_in_two_variants_there_is_counted_and_not_tested(
    log: Any, make_spec: MakeSpec
) -> None:
    serve_both(log, "cart", [[20, 20], [20, 20]])
    log.serve("both", "A", "a", at=10)
    for variant, at in (("X", 20), ("Y", 30)):
        log.serve("both", variant, "b", at=at, experiment="cart")

    (found,) = card(log, make_spec()).overlaps

    assert (found.users, found.p_value) == (81, 1.0)


def test_too_few_shared_users_tell_nothing(log: Any, make_spec: MakeSpec) -> None:
    serve_both(log, "cart", [[4, 4], [4, 4]])

    found = check(card(log, make_spec()))

    assert (found.healthy, found.p_value, found.reason) == (None, None, "too_few_users")


def test_a_log_that_names_no_experiments_has_no_such_check(log: Any, make_spec: MakeSpec) -> None:
    serve_both(log, "cart", [[40, 10], [10, 40]])
    nameless = log.exposures.filter(lambda t: t.experiment == "home-ctr").drop("experiment")

    found = scorecard(nameless, log.events, make_spec())

    assert "other_experiments" not in [c.name for c in found.health]


def cells(name: str, table: Any) -> list[Cell]:
    return [
        Cell(experiment=name, stratum=(0, 1, False), arm=a, variant="XY"[v], users=int(n))
        for (a, v), n in np.ndenumerate(np.asarray(table))
    ]


def test_twenty_are_shown_and_one_that_failed_before_larger_ones(make_spec: MakeSpec) -> None:
    many = [c for i in range(25) for c in cells(f"e{i:02}", np.full((2, 2), 100 - i))]
    found = overlaps(make_spec(), [*many, *cells("sick", [[40, 1], [1, 40]])], [[500, 500]])

    assert len(found) == 26
    assert [o.experiment for o in shown(found)] == [*(f"e{i:02}" for i in range(19)), "sick"]
    assert overlap_check(found, 1_000).healthy is False


def test_forty_independent_experiments_together_rarely_alarm(make_spec: MakeSpec) -> None:
    # Holm over forty: at .05 a world alarms at most once in twenty; without it, in nearly all.
    rng, worlds = np.random.default_rng(43), 200
    spec, corrected, alone = make_spec(), 0, 0
    for _ in range(worlds):
        drawn = rng.multinomial(1_000, [0.25] * 4, 40).reshape(-1, 2, 2)
        mine = [c for i, table in enumerate(drawn) for c in cells(f"e{i}", table)]
        corrected += real(overlap_check(overlaps(spec, mine, [[500, 500]]), 1_000).p_value) < 0.05
        alone += any(real(independence([table]).p_value) < 0.05 for table in drawn)

    assert corrected <= at_most(0.05, worlds)
    assert alone > worlds / 2


def layers(here: str, there: str, users: list[str]) -> list[Cell]:
    """Where two experiments' seeds put users; both split in halves."""
    arms, variants = (bucket_many(seed, users) >= 5_000 for seed in (here, there))
    return cells("other", [[((arms == a) & (variants == v)).sum() for v in (0, 1)] for a in (0, 1)])


def test_layers_with_seeds_of_their_own_alarm_at_the_rate_and_one_seed_for_two_is_found(
    make_spec: MakeSpec,
) -> None:
    spec, users, pairs = make_spec(), [f"user-{i}" for i in range(2_000)], 400

    def p_of(here: str, there: str) -> float:
        found = overlaps(spec, layers(here, there, users), [[1_000, 1_000]])
        return real(overlap_check(found, 2_000).p_value)

    alarms = sum(p_of(f"here-{i}", f"there-{i}") < 0.05 for i in range(pairs))
    assert at_least(0.05, pairs) <= alarms <= at_most(0.05, pairs)
    assert p_of("one", "one") < 1e-300
