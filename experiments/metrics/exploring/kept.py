"""The samples of an analysis in a form that can be stored: all that a look at it otherwise needs.

A sample of one phase is a row of figures per field, one figure per variant. There is one per
metric, phase and cut, without and with the pre-period, at as_of alone; no more with more users or
days.
"""

import zlib
from dataclasses import fields, is_dataclass
from typing import Any, Literal

import msgspec
import numpy as np

from experiments.metrics.counting import Counted
from experiments.metrics.definitions import Metric
from experiments.metrics.samples import Plain, Sample, Samples, samples
from experiments.metrics.spec import ScorecardSpec
from experiments.stats import (
    CupedRatioSample,
    CupedSample,
    MeanSample,
    ProportionSample,
    RatioSample,
)

VERSION = 1
Rows = tuple[tuple[float, ...], ...]
"""A row per field of the sample, those of samples within it in their place."""

KINDS: dict[str, type[Plain]] = {
    "proportion": ProportionSample,
    "mean": MeanSample,
    "ratio": RatioSample,
}


class KeptMetric(msgspec.Struct, frozen=True, array_like=True):
    """A metric's samples, a phase each. `cuped` is None without a pre-period."""

    kind: Literal["proportion", "mean", "ratio"]
    plain: tuple[Rows, ...]
    cuped: tuple[Rows, ...] | None


class KeptCut(msgspec.Struct, frozen=True, array_like=True):
    """Of everyone, without an attribute, or of the users of one segment: metrics by key."""

    attribute: str | None
    value: str | None
    rest: bool
    metrics: dict[str, KeptMetric]


class KeptSamples(msgspec.Struct, frozen=True, kw_only=True):
    """Of one analysis; the first of `cuts` is everyone. `version` is of this form."""

    variants: tuple[str, ...]
    phases: tuple[int, ...]
    cuts: tuple[KeptCut, ...]
    version: int = VERSION

    def samples_of(self, cut: int, metric: str) -> Samples:
        """Raises KeyError for a metric that was not analysed."""
        kept = self.cuts[cut].metrics[metric]
        paired = CupedRatioSample if kept.kind == "ratio" else CupedSample
        return Samples(
            plain=tuple(_sample(KINDS[kept.kind], rows) for rows in kept.plain),
            cuped=None
            if kept.cuped is None
            else tuple(_sample(paired, rows) for rows in kept.cuped),
        )


def kept_of(spec: ScorecardSpec, counted: Counted) -> KeptSamples:
    """What to keep of what was counted."""
    metrics = [tracked.metric for tracked in spec.metrics]
    everyone = KeptCut(
        None, None, False, {m.key: _kept(spec, m, counted, counted.moments) for m in metrics}
    )
    cuts = (
        KeptCut(
            segment.attribute,
            segment.value,
            segment.rest,
            {m.key: _kept(spec, m, counted, sums) for m in metrics},
        )
        for segment, sums in counted.segments
    )
    return KeptSamples(
        variants=spec.variants,
        phases=tuple(phase.number for phase in spec.phases),
        cuts=(everyone, *cuts),
    )


def pack(kept: KeptSamples) -> bytes:
    """As bytes, every figure exactly as it is."""
    return zlib.compress(msgspec.msgpack.encode(kept))


def unpack(body: bytes) -> KeptSamples | None:
    """What `pack` was given; None for bytes of another version."""
    document = zlib.decompress(body)
    if msgspec.msgpack.decode(document, type=_Versioned).version != VERSION:
        return None
    return msgspec.msgpack.decode(document, type=KeptSamples)


class _Versioned(msgspec.Struct):
    version: int


def _kept(spec: ScorecardSpec, metric: Metric, counted: Counted, sums: Any) -> KeptMetric:
    found = samples(sums, metric, counted.columns, cuped=spec.lookback > 0)
    kind = next(kind for kind, made in KINDS.items() if isinstance(found.plain[0], made))
    return KeptMetric(
        kind,  # type: ignore[arg-type]
        tuple(tuple(_rows(sample)) for sample in found.plain),
        None if found.cuped is None else tuple(tuple(_rows(sample)) for sample in found.cuped),
    )


def _rows(sample: Sample | object) -> list[tuple[float, ...]]:
    rows: list[tuple[float, ...]] = []
    for field in fields(sample):  # type: ignore[arg-type]
        value = getattr(sample, field.name)
        rows += _rows(value) if is_dataclass(value) else [tuple(np.asarray(value)[:, -1].tolist())]
    return rows


def _sample(kind: type[Any], rows: Rows) -> Any:
    return _built(kind, iter(rows))


def _built(kind: type[Any], rows: Any) -> Any:
    """The sample of that kind from the next of the rows, of shape (variants, 1)."""
    given = {}
    for field in fields(kind):
        within = field.type if isinstance(field.type, type) and is_dataclass(field.type) else None
        given[field.name] = (
            _built(within, rows)
            if within
            else np.array(next(rows), dtype=np.float64)[:, np.newaxis]
        )
    return kind(**given)
