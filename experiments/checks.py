"""What must hold of an experiment's parts, whoever sets them. Each raises Invalid, naming the field
and what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from experiments.exceptions import Invalid
from experiments.models import KEY

if TYPE_CHECKING:
    from recommenders.models import Recommender

LONGEST_NAME = 120
LONGEST_KEY = 64
MOST_VARIANTS = 6
FINEST_WEIGHT = Decimal("0.0001")  # one bucket


@dataclass(frozen=True, kw_only=True)
class VariantSpec:
    """An arm to be: `weight` is a share of the experiment's users, 0.0001 to 1."""

    recommender: Recommender
    weight: Decimal
    key: str | None = None


def check_key(key: str, *, field: str) -> None:
    if not re.fullmatch(KEY.regex, key):
        raise Invalid(f"“{key[:LONGEST_KEY]}” cannot be a key. {KEY.message}", field=field)
    if len(key) > LONGEST_KEY:
        raise Invalid(f"Give a key of at most {LONGEST_KEY} characters.", field=field)


def check_name(name: str, *, field: str = "name") -> None:
    if not 1 <= len(name.strip()) <= LONGEST_NAME or "\0" in name:
        raise Invalid(f"Give a name of 1 to {LONGEST_NAME} characters.", field=field)


def check_traffic(traffic: Decimal, *, field: str = "traffic") -> None:
    if not Decimal("0.01") <= traffic <= 1:
        raise Invalid("Give a share of traffic from 1% to 100%.", field=field)
    if traffic % FINEST_WEIGHT:
        raise Invalid("Give a share in steps of 0.01%: that is one bucket.", field=field)


def check_variants(variants: Sequence[VariantSpec]) -> None:
    if not 2 <= len(variants) <= MOST_VARIANTS:
        raise Invalid(
            f"An experiment compares 2 to {MOST_VARIANTS} variants; this one has {len(variants)}.",
            field="variants",
        )
    for index, variant in enumerate(variants):
        check_weight(variant.weight, field=f"variants/{index}/weight")
        if variant.key is not None:
            check_key(variant.key, field=f"variants/{index}/key")
            if variant.key in [other.key for other in variants[:index]]:
                raise Invalid(
                    f"Two variants have the key “{variant.key}”. Give each its own.",
                    field=f"variants/{index}/key",
                )
    check_sum([variant.weight for variant in variants], field="variants")


def check_weight(weight: Decimal, *, field: str) -> None:
    if not 0 < weight <= 1:
        raise Invalid("Give a weight above 0% and at most 100%.", field=field)
    if weight % FINEST_WEIGHT:
        raise Invalid("Give a weight in steps of 0.01%: that is one bucket.", field=field)


def check_sum(weights: Sequence[Decimal], *, field: str) -> None:
    total = sum(weights, Decimal(0))
    if total != 1:
        raise Invalid(
            f"The weights sum to {total:.2%}. Change them so that they sum to 100%.", field=field
        )


def check_schedule(starts_at: datetime | None, ends_at: datetime | None, *, now: datetime) -> None:
    """Raises Invalid (starts_at, ends_at)."""
    if starts_at is not None and starts_at <= now:
        raise Invalid(
            "Give a start that is still to come, or start it yourself.", field="starts_at"
        )
    if ends_at is not None and ends_at <= max(now, starts_at or now):
        raise Invalid("Give an end that is still to come, after the start.", field="ends_at")


def arm_keys(variants: Sequence[VariantSpec], taken: Sequence[str] = ()) -> list[str]:
    """A key for each: its own, or its recommender's, made different from all others."""
    own = [variant.key for variant in variants if variant.key is not None]
    keys: list[str] = []
    for variant in variants:
        keys.append(variant.key or _free_key(variant.recommender.key, [*taken, *own, *keys]))
    return keys


def _free_key(stem: str, taken: Sequence[str]) -> str:
    key, n = stem, 1
    while key in taken:
        n += 1
        end = f"-arm-{n}"
        key = stem[: LONGEST_KEY - len(end)].rstrip("-") + end
    return key
