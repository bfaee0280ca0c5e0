"""Health before results: a comparison of arms that were not filled at random says nothing."""

from collections.abc import Sequence

import numpy as np

from experiments.metrics.moments import Floats
from experiments.metrics.presence import taking
from experiments.metrics.results import Check, CheckFigure
from experiments.metrics.samples import Samples, part
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Reason, imbalance

THRESHOLD = 0.001
CROSSED = "seen in two variants"
LEFT_OUT = "taken for bots or staff by a rule"

Counts = Sequence[int]
"""One per variant, in the order of the spec."""


def users_in_two_variants(
    spec: ScorecardSpec, users: Sequence[Counts], crossed: Sequence[Counts]
) -> Check:
    """Are users who saw two variants as common in every arm? Then leaving them out is harmless.

    `users` and `crossed` count per phase by the variant seen first, `users` including the crossed.
    Given how many crossed in a phase, the number in an arm is hypergeometric; p is the smallest
    two-sided exact tail over the phases and the arms that take users there, times their number (of
    two arms, one says it all). Unhealthy below p = .001.
    """
    return _without(spec, users, crossed, name="users_in_two_variants", were=CROSSED)


def users_left_out(
    spec: ScorecardSpec, users: Sequence[Counts], left_out: Sequence[Counts]
) -> Check:
    """Are users whom a rule leaves out as common in every arm? The test is the same.

    A variant that makes people ask for more slates would make more of them look like bots.
    """
    return _without(spec, users, left_out, name="users_left_out", were=LEFT_OUT)


def pre_period_balance(spec: ScorecardSpec, name: str, samples: Samples) -> Check | None:
    """Were the arms alike on the primary metric before first exposure? Unhealthy below p = .001.

    Tested in each phase against each treatment that takes users there; p is the smallest, times the
    number of tests. None without a pre-period.
    """
    if samples.cuped is None:
        return None
    found = [
        imbalance(part(phase.pre, np.s_[:1, -1]), part(phase.pre, np.s_[i : i + 1, -1]))
        for phase, there in zip(samples.cuped, taking(spec), strict=True)
        for i in range(1, len(spec.variants))
        if there[i]
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
    spec: ScorecardSpec, users: Sequence[Counts], gone: Sequence[Counts], *, name: str, were: str
) -> Check:
    seen, left = np.asarray(users), np.asarray(gone)
    total, all_gone = int(seen.sum()), int(left.sum())
    of_phase = left.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    p_value = _uneven_p(spec, seen, left)
    healthy = p_value is None or p_value >= THRESHOLD
    return Check(
        name=name,
        healthy=healthy if total else None,
        p_value=p_value,
        reason=None if p_value is not None else _untested(total),
        detail=_without_detail(total, all_gone, were, healthy=healthy),
        figures=figures(
            spec.variants, [int(n) for n in left.sum(axis=0)], [float(n) for n in of_phase @ seen]
        ),
    )


def _untested(users: int) -> str:
    return "no_such_users" if users else str(Reason.TOO_FEW_USERS)


def _uneven_p(spec: ScorecardSpec, users: Floats, gone: Floats) -> float | None:
    """Over the phases in which anybody is gone and more than one arm takes users."""
    tails = [
        _tails(users[phase, there], gone[phase, there])
        for phase, there in enumerate(taking(spec))
        if gone[phase].any() and there.sum() > 1
    ]
    if not tails:
        return None
    every = np.concatenate(tails)
    return float(min(1.0, 2 * every.min() * len(every)))


def _tails(users: Floats, gone: Floats) -> Floats:
    """The smaller exact tail of each arm; of two arms one, they are the same."""
    from scipy import stats  # half a second to import, and most logs do without

    law = stats.hypergeom(users.sum(), users, gone.sum())
    tails: Floats = np.minimum(law.cdf(gone), law.sf(gone - 1))
    return tails[:1] if len(tails) == 2 else tails


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
