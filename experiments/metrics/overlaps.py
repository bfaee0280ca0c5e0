"""Are other experiments' arms spread alike over the arms here? If not, effects are mixed up."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from experiments.metrics.health import THRESHOLD
from experiments.metrics.moments import Floats
from experiments.metrics.overlapping import Cell
from experiments.metrics.results import Check, Overlap
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Independence, Reason, holm, independence

SHOWN = 20
ONE_ARM, ONE_VARIANT = "one_arm", "one_variant"
ENOUGH = 20.0
"""An arm here that expects so many shared users and has none was left out, by a plan or a fault."""


def overlaps(
    spec: ScorecardSpec, cells: Sequence[Cell], users: Sequence[Sequence[int]]
) -> tuple[Overlap, ...]:
    """Every other experiment with shared users, most users first.

    `users` are those analysed, per phase and variant. p is corrected by Holm over the experiments
    that have one.
    """
    of: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        of[cell.experiment].append(cell)
    arms = np.asarray(users, dtype=np.float64)
    tested = {name: _tested(own, len(spec.variants)) for name, own in of.items()}
    known = {name: p for name, t in tested.items() if (p := t.p_value) is not None}
    adjusted = dict(zip(known, map(float, holm(list(known.values()))), strict=True))
    found = [
        _overlap(name, own, arms, tested[name], adjusted.get(name)) for name, own in of.items()
    ]
    return tuple(sorted(found, key=lambda o: (-o.users, o.experiment)))


def shown(found: Sequence[Overlap]) -> tuple[Overlap, ...]:
    """At most 20 of them: those that failed, then those with most users; most users first."""
    chosen = sorted(found, key=lambda o: o.healthy is not False)[:SHOWN]
    return tuple(o for o in found if o in chosen)


def overlap_check(found: Sequence[Overlap], everyone: int) -> Check:
    """Unhealthy where the corrected p of any other experiment is below .001.

    Such a p says that the two splits are no independent draws. Then arms here differ in how many of
    their users have which arm there, and what is done there counts as an effect of what is done
    here.
    """
    said = [o.healthy for o in found]
    judged = [o.adjusted_p_value for o in found if o.adjusted_p_value is not None]
    fine = True in said or (everyone > 0 and not found)
    healthy = False if False in said else True if fine else None
    none = "no_such_users" if everyone else str(Reason.TOO_FEW_USERS)
    return Check(
        name="other_experiments",
        healthy=healthy,
        p_value=min(judged, default=None),
        reason=None if judged else found[0].reason if found else none,
        detail=_detail(found, everyone, healthy=healthy),
        figures=(),
    )


def _tested(cells: Sequence[Cell], arms: int) -> Independence:
    variants = sorted({cell.variant for cell in cells if cell.variant is not None})
    tables = {cell.stratum: np.zeros((arms, len(variants))) for cell in cells}
    for cell in cells:
        if cell.variant is not None:
            tables[cell.stratum][cell.arm, variants.index(cell.variant)] += cell.users
    return independence([tables[stratum] for stratum in sorted(tables)])


def _overlap(
    name: str, cells: Sequence[Cell], arms: Floats, tested: Independence, adjusted: float | None
) -> Overlap:
    shared = np.zeros(arms.shape)
    for cell in cells:
        shared[cell.stratum[0], cell.arm] += cell.users
    everyone = np.maximum(arms.sum(axis=1, keepdims=True), 1.0)
    expected = (shared.sum(axis=1, keepdims=True) * arms / everyone).sum(axis=0)
    one_arm = bool(((shared.sum(axis=0) == 0) & (expected >= ENOUGH)).any())
    one_variant = len({cell.variant for cell in cells}) == 1 and shared.sum() >= ENOUGH
    failed = one_arm or (adjusted is not None and adjusted < THRESHOLD)
    untested = ONE_VARIANT if one_variant else tested.reason
    return Overlap(
        experiment=name,
        users=int(shared.sum()),
        share=float(shared.sum() / arms.sum()),
        healthy=False if failed else True if adjusted is not None or one_variant else None,
        p_value=tested.p_value,
        adjusted_p_value=adjusted,
        reason=ONE_ARM if one_arm else None if untested is None else str(untested),
    )


def _detail(found: Sequence[Overlap], everyone: int, *, healthy: bool | None) -> str:
    if not everyone:
        return "There are too few users to tell yet."
    if not found:
        return "Nobody was in another experiment at the same time."
    most = f"{found[0].users:,} of {everyone:,} users were also in {found[0].experiment}"
    if len(found) > 1:
        many = f"{len(found) - 1} other experiment{'' if len(found) == 2 else 's'}"
        most += f", and fewer in {many}"
    if healthy is None:
        return f"{most}: too few to tell whether the splits are independent."
    if healthy:
        return f"{most}; arms there are spread alike over the arms here."
    names = ", ".join(o.experiment for o in found if o.healthy is False)
    return (
        f"Arms of {names} are not spread alike over the arms here: what is done there would count "
        f"as an effect of what is done here. {most}."
    )
