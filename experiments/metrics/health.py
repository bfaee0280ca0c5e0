"""Health before results: a comparison of arms that were not filled at random says nothing."""

from collections.abc import Sequence

import numpy as np

from experiments.metrics.results import Check, CheckFigure
from experiments.metrics.samples import Samples, part
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Reason, imbalance

THRESHOLD = 0.001
CROSSED = "seen in two variants"
LEFT_OUT = "taken for bots or staff by a rule"


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
        figures=figures(spec.variants, gone, expected),
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


def figures(
    variants: Sequence[str], observed: Sequence[int], expected: Sequence[float]
) -> tuple[CheckFigure, ...]:
    """One per variant."""
    return tuple(
        CheckFigure(variant=variant, observed=seen, expected=hoped)
        for variant, seen, hoped in zip(variants, observed, expected, strict=True)
    )
