"""Changing the arms of an experiment under way: every change opens a phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from experiments.assignment import BUCKETS, Range, ranges
from experiments.checks import FINEST_WEIGHT, VariantSpec, check_sum
from experiments.exceptions import Invalid, NotAllowed
from experiments.models import Experiment, Phase, Variant, new_seed
from experiments.moves.new_arms import new_arms
from experiments.moves.row import moving, under_way
from people.actors import Actor

MOVES_NOBODY = (
    "By these weights nobody's variant would change. Give other weights, or draw everybody's "
    "variant again."
)

Ranges = Mapping[str, Sequence[Range]]


@dataclass(frozen=True, kw_only=True)
class Rearrangement:
    """What a change of arms comes to: `moved` is the share of the experiment's users, 0 to 1, who
    see another variant than before; those whom a killed arm has lost are none of them, unless all
    are drawn anew: then they are let in again.
    """

    ranges: dict[str, list[Range]]
    seed: str
    killed: tuple[str, ...]
    moved: float


def rearranged(
    experiment: Experiment,
    weights: Mapping[str, Decimal],
    *,
    new: Sequence[VariantSpec] = (),
    anew: bool = False,
) -> Rearrangement:
    """The ranges of the next phase by the weights of its arms and of `new` ones, which sum to 1
    over those that are not killed. An arm of weight 0 gives its users to the others. As few users
    as possible change their arm; `anew` draws everybody's arm again, by a new seed. Changes nothing
    itself. Raises NotAllowed, and Invalid naming the weight or the part of a new arm.
    """
    phase = under_way(experiment, "arms")
    _check_method(experiment)
    before: Ranges = {k: [(low, high) for low, high in v] for k, v in phase.ranges.items()}
    added = new_arms(phase.experiment, new)
    _check(weights, phase, added)
    weights = {**weights, **added}
    if anew:
        fresh = ranges.split({key: weight for key, weight in weights.items() if weight})
        return Rearrangement(
            ranges={key: fresh.get(key, []) for key in weights} | {k: [] for k in phase.killed},
            seed=new_seed(),
            killed=tuple(phase.killed),
            moved=_drawn_otherwise(before, fresh),
        )
    after = ranges.reweigh(before, weights, killed=phase.killed)
    moved = ranges.moved(before, after) / BUCKETS
    return Rearrangement(ranges=after, seed=phase.seed, killed=tuple(phase.killed), moved=moved)


def change_arms(
    experiment: Experiment,
    *,
    weights: Mapping[str, Decimal],
    now: datetime,
    actor: Actor,
    why: str,
    new: Sequence[VariantSpec] = (),
    anew: bool = False,
) -> Experiment:
    """Opens a phase with the weights of the arms there are, and with `new` arms by their own. All
    of them together sum to 1. Raises NotAllowed, and Invalid naming the weight or the part of a new
    arm, and where nobody's arm would change.
    """
    if not why.strip():
        raise Invalid("Say why: whoever reads the results later will ask.", field="why")
    with moving(experiment, "change arms", now=now, actor=actor, why=why) as row:
        change = rearranged(row, weights, new=new, anew=anew)
        if not (change.moved or new or anew):  # a phase of its own would split the estimates
            raise Invalid(MOVES_NOBODY, field="weights")
        _add(row, new)
        _open(row, change, now=now, why=why)
    return row


def kill_arm(
    experiment: Experiment, *, variant: str, now: datetime, actor: Actor, why: str = ""
) -> Experiment:
    """Its users leave the experiment with their next request and are given to no other arm; its
    overrides end. Raises NotAllowed, and Invalid (variant).
    """
    with moving(experiment, "kill arm", now=now, actor=actor, why=why) as row:
        phase = under_way(row, "arm")
        _check_method(row)
        arms = list(row.variants.values_list("key", flat=True))
        living = [key for key in arms if phase.ranges.get(key) and key not in phase.killed]
        if variant not in living:
            raise Invalid(
                f"There is no arm “{variant}” that takes users. There are: {', '.join(living)}.",
                field="variant",
            )
        if variant == arms[0]:
            raise NotAllowed(
                "The control cannot be killed: everything is compared with it. Pause or stop the "
                "experiment."
            )
        if len(living) <= 2:
            raise NotAllowed(
                f"{variant} is the last arm beside the control. Pause or stop the experiment."
            )
        change = Rearrangement(
            ranges=phase.ranges, seed=phase.seed, killed=(*phase.killed, variant), moved=0.0
        )
        row.overrides.filter(variant__key=variant).delete()
        _open(row, change, now=now, why=why or f"{variant} was killed.")
    return row


def _check_method(row: Experiment) -> None:
    """Phases are not combined under a prior, so another one could never be analysed."""
    if row.measured.method == "bayesian":
        raise NotAllowed(
            "A Bayesian experiment is analysed in one phase, so its arms stay as they started. "
            "Pause or stop it, and start another."
        )


def _check(weights: Mapping[str, Decimal], phase: Phase, added: Mapping[str, Decimal]) -> None:
    arms = list(phase.experiment.variants.values_list("key", flat=True))
    known = [key for key in arms if key not in phase.killed]
    for key, weight in weights.items():
        field = f"weights/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in known:
            raise Invalid(
                f"There is no arm “{key}” to give a weight to. There are: {', '.join(known)}.",
                field=field,
            )
        if not 0 <= weight <= 1 or weight % FINEST_WEIGHT:
            raise Invalid("Give a weight from 0% to 100%, in steps of 0.01%.", field=field)
    if missing := [key for key in known if key not in weights]:
        raise Invalid(
            f"Give a weight to {', '.join(missing)} too; 0 takes an arm out.", field="weights"
        )
    if not weights[arms[0]]:
        raise Invalid("The control keeps a weight above 0%.", field=f"weights/{arms[0]}")
    together = [*weights.values(), *added.values()]
    if sum(weight > 0 for weight in together) < 2:
        raise Invalid("Two arms at least keep a weight above 0%.", field="weights")
    check_sum(together, field="weights")


def _add(row: Experiment, new: Sequence[VariantSpec]) -> None:
    held = row.variants.count()
    keys = new_arms(row, new)
    Variant.objects.bulk_create(
        Variant(
            experiment=row,
            position=held + place,
            key=key,
            recommender=spec.recommender,
            weight=spec.weight,
        )
        for place, (key, spec) in enumerate(zip(keys, new, strict=True))
    )


def _open(row: Experiment, change: Rearrangement, *, now: datetime, why: str) -> None:
    last = row.phases.get(ended_at=None)
    last.ended_at = now
    last.save(update_fields=["ended_at"])
    Phase.objects.create(
        experiment=row,
        number=last.number + 1,
        seed=change.seed,
        ranges=change.ranges,
        killed=list(change.killed),
        started_at=now,
        why=why,
    )
    for variant in row.variants.all():
        if variant.key in change.killed:
            continue
        variant.weight = Decimal(ranges.size(change.ranges.get(variant.key, []))) * FINEST_WEIGHT
        variant.save(update_fields=["weight"])


def _drawn_otherwise(before: Ranges, after: Ranges) -> float:
    """Of users who had an arm and are drawn again independently, the share who get another."""
    had = {key: ranges.size(held) for key, held in before.items()}
    same = sum(n * ranges.size(after.get(key, ())) for key, n in had.items())
    return (sum(had.values()) * BUCKETS - same) / BUCKETS**2
