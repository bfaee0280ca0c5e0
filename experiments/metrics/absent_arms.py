"""Was anybody seen in an arm that takes no users in that phase? Then a change did not arrive."""

from collections.abc import Iterator, Sequence

from experiments.metrics.health import Counts, figures
from experiments.metrics.presence import taking
from experiments.metrics.results import Check
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Reason

ALLOWED = 0.001
"""Of a phase's users: what a cache that has not heard of a change yet may let through."""


def users_in_absent_arms(
    spec: ScorecardSpec, users: Sequence[Counts], absent: Sequence[Counts]
) -> Check | None:
    """Users per phase whose first exposure there was to an arm that takes none; None where every
    arm takes users in every phase.

    By the weights there is none of them, so one would be proof that something is wrong. They are
    set aside in any case; it is unhealthy where they are more than 1 in 1,000 of a phase's users,
    `users` being the others. Fewer are said, and change no result by more than that.
    """
    if taking(spec).all():
        return None
    gone = [sum(of_variants) for of_variants in zip(*absent, strict=True)]
    shares = [_share(sum(seen), sum(none)) for seen, none in zip(users, absent, strict=True)]
    healthy = max(shares) <= ALLOWED
    reason = Reason.NOT_IN_PHASE if any(gone) else "no_such_users"
    anybody = any(map(any, users)) or any(gone)
    return Check(
        name="users_in_absent_arms",
        healthy=healthy if anybody else None,
        p_value=None,
        reason=str(reason if anybody else Reason.TOO_FEW_USERS),
        detail=_detail(spec, absent, healthy=healthy),
        figures=figures(spec.variants, gone, [0.0] * len(gone)),
    )


def _share(users: int, absent: int) -> float:
    return absent / (users + absent) if absent else 0.0


def _detail(spec: ScorecardSpec, absent: Sequence[Counts], *, healthy: bool) -> str:
    where = list(_where(spec, absent))
    if not where:
        return "Nobody was seen in an arm that takes no users."
    said = f"Users were seen in an arm that takes none in their phase: {', '.join(where)}"
    if healthy:
        return f"{said}. They are set aside."
    return f"{said}. The weights are not those in force, or a change has not reached every caller."


def _where(spec: ScorecardSpec, absent: Sequence[Counts]) -> Iterator[str]:
    for phase, counts in zip(spec.phases, absent, strict=True):
        for variant, users in zip(spec.variants, counts, strict=True):
            if users:
                yield f"{users:,} in {variant} in phase {phase.number}"
