"""Several metrics compared in one call: what NumPy charges for is the call, hardly the numbers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from experiments.metrics.comparing import Compared, compare_arms, remember
from experiments.metrics.samples import Samples
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import Settings


def compare_together(
    spec: ScorecardSpec, found: Iterable[Samples], asked: Sequence[tuple[Settings, bool]]
) -> None:
    """Let samples know what `compare_arms` says of them at as_of, with CUPED or without.

    Those of one kind are laid side by side, as if they were as-of times of one metric.
    """
    for alike in _kinds(found):
        joined = Samples(
            plain=tuple(map(_joined, zip(*(s.plain for s in alike), strict=True))),
            cuped=None
            if alike[0].cuped is None
            else tuple(map(_joined, zip(*(s.cuped or () for s in alike), strict=True))),
        )
        for settings, cuped in asked:
            whole = compare_arms(spec, joined, settings, cuped=cuped)
            for each, own in zip(alike, _split(whole, len(alike)), strict=True):
                remember(spec, each, settings, own, cuped=cuped)


def _kinds(found: Iterable[Samples]) -> Iterator[list[Samples]]:
    kinds: dict[Any, list[Samples]] = defaultdict(list)
    for samples in found:
        kinds[type(samples.plain[0])].append(samples.latest)
    yield from kinds.values()


def _joined(alike: Sequence[Any]) -> Any:
    """Samples of one kind after one another, along the last axis."""
    first = alike[0]
    made = object.__new__(type(first))  # sums that were checked before
    for field in fields(first):
        values = [getattr(sample, field.name) for sample in alike]
        together = _joined(values) if is_dataclass(values[0]) else np.concatenate(values, axis=-1)
        object.__setattr__(made, field.name, together)
    return made


def _split(whole: Compared, count: int) -> Iterator[Compared]:
    for place in range(count):
        at = np.s_[..., place : place + 1]
        arrays: dict[str, Any] = {
            field.name: value[at]
            for field in fields(whole.comparison)
            if isinstance(value := getattr(whole.comparison, field.name), np.ndarray)
        }
        yield Compared(
            comparison=replace(whole.comparison, **arrays),
            weights=whole.weights[at],
            left_out=whole.left_out[at],
        )
