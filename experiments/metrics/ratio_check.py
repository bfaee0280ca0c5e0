"""Did users arrive in the arms in the ratio of the weights? Once, and at every look."""

from collections.abc import Sequence

import numpy as np

from experiments.metrics.health import THRESHOLD, figures
from experiments.metrics.moments import Floats
from experiments.metrics.presence import taking
from experiments.metrics.results import Check
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import check_srm_phases

ONE_LOOK = (
    "Only the chi-square of this look says so, and of sound experiments looked at for weeks one in "
    "thirty is taken for broken so at some look: see whether it lasts."
)


def sample_ratio(spec: ScorecardSpec, users: Floats) -> Check:
    """Unhealthy below p = .001 by chi-square at this look, or by the sequential test at any.

    `users` are those analysed, of shape (phases, variants, as-of times), the last of which is this
    look; each phase has a ratio of its own, over the arms that take users there. The sequential p
    is the smallest over these times.
    """
    last, shares = users[..., -1], np.array([phase.shares for phase in spec.phases])
    compared = [(p, there) for p, there in enumerate(taking(spec)) if there.sum() > 1]
    ratios = [shares[p, there] for p, there in compared]
    once = check_srm_phases([last[p, there] for p, there in compared], ratios)
    ever = check_srm_phases([users[p, there].T for p, there in compared], ratios, "sequential")
    p_value = None if once.reason is not None else float(once.p_value)
    anybody = any(last[p].any() for p, _there in compared)
    sequential = float(np.nanmin(ever.p_value)) if anybody else None
    observed = [int(n) for n in last.sum(axis=0)]
    expected = [float(n) for n in last.sum(axis=1) @ shares]
    healthy = _healthy(p_value, sequential)
    return Check(
        name="sample_ratio",
        healthy=healthy,
        p_value=p_value,
        sequential_p_value=sequential,
        reason=None if once.reason is None else str(once.reason),
        detail=_detail(spec.variants, observed, expected, healthy, sequential),
        figures=figures(spec.variants, observed, expected),
    )


def _healthy(p_value: float | None, sequential: float | None) -> bool | None:
    if any(p is not None and p < THRESHOLD for p in (p_value, sequential)):
        return False
    return None if p_value is None else True


def _detail(
    variants: Sequence[str],
    users: Sequence[int],
    expected: Sequence[float],
    healthy: bool | None,
    sequential: float | None,
) -> str:
    if healthy is None:
        return "There are too few users to tell yet."
    if healthy:
        return "Users arrived in the arms in the ratio of the weights."
    lasting = sequential is not None and sequential < THRESHOLD
    said = _out_of_ratio(variants, users, expected)
    return said if lasting else f"{said} {ONE_LOOK}"


def _out_of_ratio(variants: Sequence[str], users: Sequence[int], expected: Sequence[float]) -> str:
    hoped = [i for i, users_hoped in enumerate(expected) if users_hoped]
    worst = max(hoped, key=lambda i: abs(users[i] - expected[i]) / expected[i])
    return (
        f"Arms are out of ratio, so nothing is judged: {variants[worst]} has {users[worst]:,} "
        f"users where {expected[worst]:,.0f} were expected."
    )
