"""Health before results: a comparison of arms that were not filled at random says nothing."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from experiments.metrics.results import Check, CheckFigure
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Reason, check_srm

THRESHOLD = 0.001


def sample_ratio(spec: ScorecardSpec, users: Sequence[int]) -> Check:
    """Did users arrive in the ratio of the weights? Chi-square, unhealthy below p = .001.

    `users` are those analysed, per variant in the order of the spec.
    """
    found = check_srm(users, spec.shares)
    expected = [sum(users) * share for share in spec.shares]
    if found.healthy is None:
        healthy, p_value, detail = None, None, "There are too few users to tell yet."
    else:
        healthy, p_value = bool(found.healthy), float(found.p_value)
        detail = (
            "Users arrived in the arms in the ratio of the weights."
            if healthy
            else _out_of_ratio(spec.variants, users, expected)
        )
    return Check(
        name="sample_ratio",
        healthy=healthy,
        p_value=p_value,
        reason=None if found.reason is None else str(found.reason),
        detail=detail,
        figures=_figures(spec.variants, users, expected),
    )


def users_in_two_variants(
    spec: ScorecardSpec, users: Sequence[int], crossed: Sequence[int]
) -> Check:
    """Are users who saw two variants as common in every arm? Then leaving them out is harmless.

    `users` and `crossed` count by the variant seen first, `users` including the crossed. Given how
    many crossed in all, the number in an arm is hypergeometric; p is the smallest two-sided exact
    tail over the arms, times the number of arms (of two, one says it all). Unhealthy below p =
    .001.
    """
    total, all_crossed = sum(users), sum(crossed)
    expected = [all_crossed * n / total if total else 0.0 for n in users]
    p_value = _crossing_p(users, crossed) if all_crossed else None
    healthy = p_value is None or p_value >= THRESHOLD
    return Check(
        name="users_in_two_variants",
        healthy=healthy if total else None,
        p_value=p_value,
        reason=None if all_crossed else ("no_such_users" if total else str(Reason.TOO_FEW_USERS)),
        detail=_crossing_detail(total, all_crossed, healthy),
        figures=_figures(spec.variants, crossed, expected),
    )


def _crossing_p(users: Sequence[int], crossed: Sequence[int]) -> float:
    law = stats.hypergeom(sum(users), np.asarray(users), sum(crossed))
    seen = np.asarray(crossed)
    tail = np.minimum(law.cdf(seen), law.sf(seen - 1))
    tests = 1 if len(users) == 2 else len(users)
    return float(min(1.0, 2 * tail.min() * tests))


def _crossing_detail(total: int, crossed: int, healthy: bool) -> str:
    if not crossed:
        return "Nobody was seen in two variants."
    share = f"{crossed:,} of {total:,} users were seen in two variants"
    if healthy:
        return f"{share}, alike in all arms; they are left out."
    return f"{share}, and not alike in all arms: leaving them out would bias the arms."


def _out_of_ratio(variants: Sequence[str], users: Sequence[int], expected: Sequence[float]) -> str:
    worst = max(range(len(users)), key=lambda i: abs(users[i] - expected[i]) / expected[i])
    return (
        f"Arms are out of ratio, so nothing is judged: {variants[worst]} has {users[worst]:,} "
        f"users where {expected[worst]:,.0f} were expected."
    )


def _figures(
    variants: Sequence[str], observed: Sequence[int], expected: Sequence[float]
) -> tuple[CheckFigure, ...]:
    return tuple(
        CheckFigure(variant=variant, observed=seen, expected=hoped)
        for variant, seen, hoped in zip(variants, observed, expected, strict=True)
    )
