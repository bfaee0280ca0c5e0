"""Arms come and go: in which phases a variant takes users, and among whom it is judged.

An arm is absent from a phase where its weight is 0. Variants and phases are places in the spec, the
control at 0.
"""

from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.judging import floor_over_arms, reached, reached_if_alike
from experiments.metrics.moments import Floats
from experiments.metrics.results import Floor
from experiments.metrics.samples import Plain, Samples, part
from experiments.metrics.spec import ScorecardSpec

Bools = NDArray[np.bool_]


def taking(spec: ScorecardSpec) -> Bools:
    """Of shape (phases, variants): where an arm takes users."""
    return np.array([phase.weights for phase in spec.phases]) > 0


def phases_of(spec: ScorecardSpec, variant: int) -> list[int]:
    """The phases in which the variant takes users."""
    return [int(phase) for phase in np.flatnonzero(taking(spec)[:, variant])]


def gone_since(spec: ScorecardSpec, variant: int) -> int | None:
    """The number of the phase from which on the variant takes no users; None while it does."""
    last = phases_of(spec, variant)[-1]
    return None if last == len(spec.phases) - 1 else spec.phases[last + 1].number


def company(spec: ScorecardSpec, treatment: int) -> list[int]:
    """The control and the treatments that take users in the same phases, itself among them.

    They wait for one another at the floor. An arm that came later, or is gone, holds nobody back.
    """
    there = taking(spec).T
    alike = (there == there[treatment]).all(axis=1)
    alike[0] = True
    return [int(variant) for variant in np.flatnonzero(alike)]


def beside(spec: ScorecardSpec, samples: Samples, treatment: int, variants: list[int]) -> Plain:
    """Those variants, over the phases in which the treatment takes users."""
    phases = [samples.plain[phase] for phase in phases_of(spec, treatment)]
    pooled: Plain = part(reduce(add, phases), variants)
    return pooled


def peers(spec: ScorecardSpec, samples: Samples, treatment: int) -> Plain:
    """The treatment's company, over its phases."""
    return beside(spec, samples, treatment, company(spec, treatment))


def users_of_pairs(spec: ScorecardSpec, samples: Samples) -> Floats:
    """Users of the control and each treatment, in the phases of the treatment, per as-of time."""
    treatments = range(1, len(spec.variants))
    pairs = [np.asarray(beside(spec, samples, i, [0, i]).users) for i in treatments]
    return np.stack([pair.sum(axis=0) for pair in pairs])


def floor_of(spec: ScorecardSpec, samples: Samples, treatment: int, users_needed: int) -> Floor:
    """The floor of a treatment's company at the last as-of time."""
    among = company(spec, treatment)
    asked = (floor_of, users_needed, *among, ":", *phases_of(spec, treatment))
    if asked not in samples.known:
        names = tuple(spec.variants[i] for i in among)
        found = floor_over_arms(peers(spec, samples, treatment), names, users_needed)
        samples.known[asked] = found
    floor: Floor = samples.known[asked]
    return floor


def past_floor(spec: ScorecardSpec, samples: Samples, users_needed: int) -> Bools:
    """At which as-of times each treatment's company is past the floor; a row per treatment."""
    asked = (past_floor, users_needed, taking(spec).tobytes())
    if asked not in samples.known:
        found: dict[tuple[int, ...], Bools] = {}
        rows = []
        for i in range(1, len(spec.variants)):
            alike = (*company(spec, i), -1, *phases_of(spec, i))
            if alike not in found:
                found[alike] = reached(peers(spec, samples, i), users_needed)
            rows.append(found[alike])
        samples.known[asked] = np.stack(rows)
    past: Bools = samples.known[asked]
    return past


def past_floor_if_alike(spec: ScorecardSpec, samples: Samples, users_needed: int) -> Bools:
    """The same for the test of harm, see judging.reached_if_alike."""
    pairs = [beside(spec, samples, i, [0, i]) for i in range(1, len(spec.variants))]
    return np.concatenate([reached_if_alike(pair, users_needed) for pair in pairs])
