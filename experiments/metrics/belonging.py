"""Where each user belongs: from first exposures by phase to one phase, one arm, one time.

What is alike for all users is not kept with each: written out for millions it would take memory,
and carried through every join it would take time.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, Table, Value

from experiments.metrics.engine import micros
from experiments.metrics.shape import PHASE, Log
from experiments.metrics.spec import ScorecardSpec


def segment_name(place: int) -> str:
    """The column of the spec's segment at that place."""
    return f"segment_{place}"


def arm_bits(spec: ScorecardSpec) -> int:
    """So many that every place has room, and that of a variant that is not listed."""
    return len(spec.variants).bit_length()


def numbers(spec: ScorecardSpec) -> list[int]:
    """Those of the phases."""
    return [phase.number for phase in spec.phases]


def of_one_phase(log: Log, spec: ScorecardSpec) -> bool:
    """Whether every user of the log belongs to the one phase there is."""
    return log.all_split and len(spec.phases) == 1 and PHASE not in log.columns


def placed(found: Table, log: Log, spec: ScorecardSpec, folded: Sequence[str]) -> Table:
    """The columns of the phase that a user belongs to, of `found` that has those of each phase."""
    bits = arm_bits(spec)
    order = _chosen(found, log, spec, "order")
    arm = order & ((1 << bits) - 1)  # a quotient would go by floats, which are too short for order
    names = [segment_name(i) for i in range(len(spec.segments))]
    names += ["placement"] if spec.lookback else []
    one, nobody = of_one_phase(log, spec), ibis.null("int64")
    number = ibis.literal(spec.phase.number, "int64") if one else found.first_phase
    absent = _is_absent(number, arm, spec)
    return found.select(
        "user",
        *folded,
        *(name for name in ("forced", "slates") if name in found.columns),
        arm=((arm < len(spec.variants)) & ~absent).ifelse(arm, nobody),
        first_at=order >> bits,
        crossed=_chosen(found, log, spec, "least") != _chosen(found, log, spec, "most"),
        **({} if one else {"number": number}),
        **({"absent": absent.ifelse(arm, nobody)} if _any_absent(spec) else {}),
        **{name: _chosen(found, log, spec, name) for name in names},
    )


def completed(kept: Table, spec: ScorecardSpec) -> Table:
    """With number, phase (its place in the spec), until (its end), absent, slates and forced: of
    each user where that was kept, or else as it is for all.
    """
    alike = {"number": spec.phase.number, "absent": None, "slates": 0, "forced": 0}
    whole = kept.mutate(
        **{n: ibis.literal(v, "int64") for n, v in alike.items() if n not in kept.columns}
    )
    ends = [micros(spec.until(phase)) for phase in spec.phases]
    return whole.mutate(
        phase=_by_number(whole.number, spec, list(range(len(ends)))),
        until=_by_number(whole.number, spec, ends),
    )


def _any_absent(spec: ScorecardSpec) -> bool:
    return any(not weight for phase in spec.phases for weight in phase.weights)


def _is_absent(number: IntegerValue, arm: IntegerValue, spec: ScorecardSpec) -> BooleanValue:
    """Whether the arm takes no users in the phase of that number."""
    pairs = [
        (number == phase.number) & (arm == place)
        for phase in spec.phases
        for place, weight in enumerate(phase.weights)
        if not weight
    ]
    return reduce(or_, pairs, ibis.literal(False))


def _chosen(found: Table, log: Log, spec: ScorecardSpec, name: str) -> Value:
    values = [found[f"{name}_{p}"] for p in range(len(spec.phases))]
    one = of_one_phase(log, spec)
    return values[0] if one else _by_number(found.first_phase, spec, values)


def _by_number(number: Value, spec: ScorecardSpec, values: Sequence[object]) -> Value:
    pairs = zip(numbers(spec), values, strict=True)
    return ibis.cases(*((number == one, value) for one, value in pairs))
