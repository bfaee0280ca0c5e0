"""Who takes part: one row per user of the experiment, read in one pass over its exposures.

- Only exposures that were a random split; an override or any other reason is set aside.
- A user belongs to the phase and variant of first exposure. Someone first exposed in an earlier
  phase that the spec does not list takes no part, and someone seen in two variants of the phase
  counts in neither.
- Someone first exposed to an arm that takes no users in that phase takes no part: nobody should
  have been, so it was not by chance alone.

Nothing here is executed. The same expressions run on any engine of Ibis; DuckDB is what we test on.
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, Table, Value

from experiments.metrics.engine import micros, microseconds
from experiments.metrics.rules import since
from experiments.metrics.shape import Log
from experiments.metrics.spec import ScorecardSpec

Folded = Mapping[str, Value]
"""Sums over a user's slates that can be taken in the same pass, by name."""


def segment_name(place: int) -> str:
    """The column of the spec's segment at that place."""
    return f"segment_{place}"


def of_experiment(log: Log, spec: ScorecardSpec) -> Table:
    """Exposures of the experiment up to as_of, in its listed phases and before."""
    exposures = log.exposures
    mine = is_of_experiment(exposures, spec)
    return exposures.filter(mine, exposures.at <= ibis.literal(spec.as_of))


def is_of_experiment(exposures: Table, spec: ScorecardSpec) -> BooleanValue:
    """Whether each is of the experiment, in its listed phases or before."""
    return (exposures.experiment == spec.experiment) & (exposures.phase <= spec.phase.number)


def split(slates: Table) -> BooleanValue:
    """Whether each slate was served to a user whom chance gave its variant."""
    return (slates.reason == "split") & slates.variant.notnull()


def of_phase(seen: Table, log: Log, number: int) -> BooleanValue:
    """Which slates of the experiment are of a split in a phase."""
    in_phase = seen.phase == number
    return in_phase if log.all_split else split(seen) & in_phase


def people(log: Log, spec: ScorecardSpec, folded: Folded | None = None) -> Table:
    """Rows: user, phase and arm (places in the spec; null where none is listed, or the arm takes
    no users in the phase), absent (that arm), number (the phase's), first_at and until (its phase's
    end; microseconds since 1970), crossed, placement, slates (in the days that rules look at, of a
    log of this experiment alone), forced (those that were no split), a column per segment, and what
    was folded, which may name `of_experiment(log, spec)` alone.

    `crossed`: seen in a second variant of the phase, be it one the spec does not list.
    """
    seen = of_experiment(log, spec)
    found = seen.group_by("user").aggregate(
        first_phase=seen.phase.min(where=None if log.all_split else split(seen)),
        **_counts(seen, log, spec),
        **{name: value for p in range(len(spec.phases)) for name, value in _of(seen, log, spec, p)},
        **(folded or {}),
    )
    return _placed(found, spec, tuple(folded or {}))


def _counts(seen: Table, log: Log, spec: ScorecardSpec) -> dict[str, Value]:
    """What has to be counted, where it is not known to be none."""
    forced = seen.phase.isin(_numbers(spec)) & seen.variant.notnull() & ~split(seen)
    recent = seen.at >= ibis.literal(since(spec))
    counts = {} if log.all_split else {"forced": seen.count(where=forced)}
    return counts | ({"slates": seen.count(where=recent)} if log.all_own else {})


def _numbers(spec: ScorecardSpec) -> list[int]:
    return [phase.number for phase in spec.phases]


def _of(seen: Table, log: Log, spec: ScorecardSpec, place: int) -> list[tuple[str, Value]]:
    """What a user's first exposure in a phase was, as columns of that phase."""
    here = of_phase(seen, log, spec.phases[place].number)
    arm = _arm(seen, spec)
    # Time and arm in one number: of two exposures at one instant the first is then always the same.
    order = microseconds(seen.at) * (len(spec.variants) + 1) + arm
    first = [
        (f"order_{place}", order.min(where=here)),
        (f"least_{place}", arm.min(where=here)),
        (f"most_{place}", arm.max(where=here)),
    ]
    if spec.lookback:
        first.append((f"placement_{place}", seen.placement.argmin(order, where=here)))
    return first + [
        (f"{segment_name(i)}_{place}", seen.attributes.get(name).argmin(order, where=here))
        for i, name in enumerate(spec.segments)
    ]


def _arm(seen: Table, spec: ScorecardSpec) -> IntegerValue:
    """The place of the variant in the spec; for one that is not listed, one past the last."""
    places = [(seen.variant == variant, place) for place, variant in enumerate(spec.variants)]
    return ibis.cases(*places, else_=len(spec.variants)).cast("int64")


def _placed(found: Table, spec: ScorecardSpec, folded: tuple[str, ...]) -> Table:
    """The columns of the phase that a user belongs to."""
    arms = len(spec.variants) + 1
    order = _chosen(found, spec, "order")
    arm = order % arms
    none, nobody = ibis.literal(0, "int64"), ibis.null("int64")
    absent = _is_absent(found.first_phase, arm, spec)
    names = [segment_name(i) for i in range(len(spec.segments))]
    names += ["placement"] if spec.lookback else []
    return found.select(
        "user",
        *folded,
        forced=found.forced if "forced" in found.columns else none,
        slates=found.slates if "slates" in found.columns else none,
        number=found.first_phase,
        phase=_of_phase(found, spec, list(range(len(spec.phases)))),
        arm=((arm < len(spec.variants)) & ~absent).ifelse(arm, nobody),
        absent=absent.ifelse(arm, nobody),
        first_at=order // arms,
        until=_of_phase(found, spec, [micros(spec.until(phase)) for phase in spec.phases]),
        crossed=_chosen(found, spec, "least") != _chosen(found, spec, "most"),
        **{name: _chosen(found, spec, name) for name in names},
    )


def _is_absent(number: IntegerValue, arm: IntegerValue, spec: ScorecardSpec) -> BooleanValue:
    """Whether the arm takes no users in the phase of that number."""
    pairs = [
        (number == phase.number) & (arm == place)
        for phase in spec.phases
        for place, weight in enumerate(phase.weights)
        if not weight
    ]
    return reduce(or_, pairs, ibis.literal(False))


def _chosen(found: Table, spec: ScorecardSpec, name: str) -> Value:
    return _of_phase(found, spec, [found[f"{name}_{p}"] for p in range(len(spec.phases))])


def _of_phase(found: Table, spec: ScorecardSpec, values: list[object]) -> Value:
    pairs = zip(_numbers(spec), values, strict=True)
    return ibis.cases(*((found.first_phase == number, value) for number, value in pairs))
