"""Health before results: a comparison of arms that were not filled at random says nothing."""

from collections.abc import Sequence

import numpy as np

from experiments.metrics.results import Check, CheckFigure
from experiments.metrics.samples import Samples, part
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Reason, check_srm_phases, imbalance

THRESHOLD = 0.001
CROSSED = "seen in two variants"
LEFT_OUT = "taken for bots or staff by a rule"


def sample_ratio(spec: ScorecardSpec, users: Sequence[Sequence[int]]) -> Check:
    """Did users arrive in the ratio of the weights? Chi-square, unhealthy below p = .001.

    `users` are those analysed, per phase and variant: each phase has a ratio of its own.
    """
    pairs = list(zip(users, spec.phases, strict=True))
    found = check_srm_phases(users, [phase.shares for phase in spec.phases])
    healthy = None if found.healthy is None else bool(found.healthy)
    observed = [sum(column) for column in zip(*users, strict=True)]
    expected = [
        sum(sum(counts) * phase.shares[i] for counts, phase in pairs)
        for i in range(len(spec.variants))
    ]
    return Check(
        name="sample_ratio",
        healthy=healthy,
        p_value=None if healthy is None else float(found.p_value),
        reason=None if found.reason is None else str(found.reason),
        detail=_ratio_detail(spec.variants, observed, expected, healthy=healthy),
        figures=_figures(spec.variants, observed, expected),
    )


def _ratio_detail(
    variants: Sequence[str],
    users: Sequence[int],
    expected: Sequence[float],
    *,
    healthy: bool | None,
) -> str:
    if healthy is None:
        return "There are too few users to tell yet."
    if healthy:
        return "Users arrived in the arms in the ratio of the weights."
    return _out_of_ratio(variants, users, expected)


def users_in_two_variants(
    spec: ScorecardSpec, users: Sequence[int], crossed: Sequence[int]
) -> Check:
    """Are users who saw two variants as common in every arm? Then leaving them out is harmless.

    `users` and `crossed` count by the variant seen first, `users` including the crossed. Given how
    many crossed in all, the number in an arm is hypergeometric; p is the smallest two-sided exact
    tail over the arms, times the number of arms (of two, one says it all). Unhealthy below p =
    .001.
    """
    return _without(spec, users, crossed, name="users_in_two_variants", were=CROSSED)


def users_left_out(spec: ScorecardSpec, users: Sequence[int], left_out: Sequence[int]) -> Check:
    """Are users whom a rule leaves out as common in every arm? The test is the same.

    A variant that makes people ask for more slates would make more of them look like bots.
    """
    return _without(spec, users, left_out, name="users_left_out", were=LEFT_OUT)


def pre_period_balance(spec: ScorecardSpec, name: str, samples: Samples) -> Check | None:
    """Were the arms alike on the primary metric before first exposure? Unhealthy below p = .001.

    Tested in each phase against each treatment; p is the smallest, times the number of tests. None
    without a pre-period.
    """
    if samples.cuped is None:
        return None
    found = [
        imbalance(part(phase.pre, np.s_[:1, -1]), part(phase.pre, np.s_[i : i + 1, -1]))
        for phase in samples.cuped
        for i in range(1, len(spec.variants))
    ]
    judged = [
        float(np.asarray(f.p_value)[0]) for f in found if np.asarray(f.healthy)[0] is not None
    ]
    p_value = min(1.0, min(judged) * len(judged)) if judged else None
    healthy = None if p_value is None else p_value >= THRESHOLD
    reason = np.asarray(found[0].reason, dtype=object)[0] if p_value is None else None
    return Check(
        name="pre_period_balance",
        healthy=healthy,
        p_value=p_value,
        reason=None if reason is None else str(reason),
        detail=_balance_detail(name, healthy=healthy),
        figures=(),
    )


def _balance_detail(name: str, *, healthy: bool | None) -> str:
    if healthy is None:
        return f"Too little is known of {name} before the start to compare the arms by it."
    if healthy:
        return f"Before the start the arms were alike on {name}."
    return f"The arms differed on {name} before the start: the split or the data is wrong."


def _without(
    spec: ScorecardSpec, users: Sequence[int], gone: Sequence[int], *, name: str, were: str
) -> Check:
    total, all_gone = sum(users), sum(gone)
    expected = [all_gone * n / total if total else 0.0 for n in users]
    p_value = _uneven_p(users, gone) if all_gone else None
    healthy = p_value is None or p_value >= THRESHOLD
    return Check(
        name=name,
        healthy=healthy if total else None,
        p_value=p_value,
        reason=None if all_gone else ("no_such_users" if total else str(Reason.TOO_FEW_USERS)),
        detail=_without_detail(total, all_gone, were, healthy=healthy),
        figures=_figures(spec.variants, gone, expected),
    )


def _uneven_p(users: Sequence[int], gone: Sequence[int]) -> float:
    from scipy import stats  # half a second to import, and most logs do without

    law = stats.hypergeom(sum(users), np.asarray(users), sum(gone))
    seen = np.asarray(gone)
    tail = np.minimum(law.cdf(seen), law.sf(seen - 1))
    tests = 1 if len(users) == 2 else len(users)
    return float(min(1.0, 2 * tail.min() * tests))


def _without_detail(total: int, gone: int, were: str, *, healthy: bool) -> str:
    if not gone:
        return f"Nobody was {were}."
    share = f"{gone:,} of {total:,} users were {were}"
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
