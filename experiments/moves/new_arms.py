"""Arms that are to join an experiment under way: what each must be."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from experiments.checks import MOST_VARIANTS, VariantSpec, arm_keys, check_key, check_weight
from experiments.exceptions import Invalid, Taken
from experiments.models import Experiment


def new_arms(experiment: Experiment, new: Sequence[VariantSpec]) -> dict[str, Decimal]:
    """The weights of the new arms by the keys they get, in order. A key is nobody's twice, though
    its arm be killed or taken out: results go by it. Raises Invalid, naming the part.
    """
    taken = list(experiment.variants.values_list("key", flat=True))
    if len(taken) + len(new) > MOST_VARIANTS:
        raise Invalid(
            f"An experiment has at most {MOST_VARIANTS} arms in all its phases; this one has "
            f"{len(taken)}.",
            field="new",
        )
    for index, spec in enumerate(new):
        others = [*taken, *(other.key for other in new[:index])]
        _check(spec, others, field=f"new/{index}")
    return dict(zip(arm_keys(new, taken), (spec.weight for spec in new), strict=True))


def _check(spec: VariantSpec, others: Sequence[str | None], *, field: str) -> None:
    check_weight(spec.weight, field=f"{field}/weight")
    if spec.key is not None:
        check_key(spec.key, field=f"{field}/key")
        if spec.key in others:
            raise Taken(
                f"There is an arm “{spec.key}” already. Give this one a key of its own.",
                field=f"{field}/key",
            )
    if spec.recommender.live is None:
        raise Invalid(
            f"{spec.recommender.key} has no trained model yet: train it first.",
            field=f"{field}/recommender",
        )
