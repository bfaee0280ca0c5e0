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

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, Table, Value

from experiments.metrics.belonging import (
    arm_bits,
    numbers,
    of_one_phase,
    placed,
    segment_name,
)
from experiments.metrics.engine import microseconds
from experiments.metrics.rules import since
from experiments.metrics.shape import Log
from experiments.metrics.spec import ScorecardSpec

Folded = Mapping[str, Value]
"""Sums over a user's slates that can be taken in the same pass, by name."""


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
    """Rows: user, arm (its place in the spec; null where none is listed, or the arm takes no users
    in the phase), first_at (microseconds since 1970), crossed, placement, a column per segment, and
    what was folded, which may name `of_experiment(log, spec)` alone. Where they are not alike for
    all (see `belonging`), also number (the phase's), absent (an arm that takes no users in it),
    slates (in the days that rules look at, of a log of this experiment alone) and forced (those
    that were no split).

    `crossed`: seen in a second variant of the phase, be it one the spec does not list.
    """
    seen = of_experiment(log, spec)
    found = seen.group_by("user").aggregate(
        **_first_phase(seen, log, spec),
        **_counts(seen, log, spec),
        **{name: value for p in range(len(spec.phases)) for name, value in _of(seen, log, spec, p)},
        **(folded or {}),
    )
    return placed(found, log, spec, tuple(folded or {}))


def _first_phase(seen: Table, log: Log, spec: ScorecardSpec) -> dict[str, Value]:
    if of_one_phase(log, spec):
        return {}
    return {"first_phase": seen.phase.min(where=None if log.all_split else split(seen))}


def _counts(seen: Table, log: Log, spec: ScorecardSpec) -> dict[str, Value]:
    """What has to be counted, where it is not known to be none."""
    forced = seen.phase.isin(numbers(spec)) & seen.variant.notnull() & ~split(seen)
    recent = seen.at >= ibis.literal(since(spec))
    counts = {} if log.all_split else {"forced": seen.count(where=forced)}
    return counts | ({"slates": seen.count(where=recent)} if log.all_own else {})


def _of(seen: Table, log: Log, spec: ScorecardSpec, place: int) -> list[tuple[str, Value]]:
    """What a user's first exposure in a phase was, as columns of that phase."""
    here = of_phase(seen, log, spec.phases[place].number)
    arm = _arm(seen, spec)
    # Time and arm in one number: of two exposures at one instant the first is then always the same.
    order = microseconds(seen.at) * (1 << arm_bits(spec)) + arm
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
    return ibis.cases(*places, else_=len(spec.variants)).cast("int16")
