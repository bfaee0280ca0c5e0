"""From sums over users to the samples that statistics compares, one per phase."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, reduce
from operator import add
from typing import Any

import numpy as np

from experiments.metrics.columns import Columns
from experiments.metrics.definitions import Metric
from experiments.metrics.moments import Floats, Moments
from experiments.metrics.terms import Factor, Term, factors_of, term
from experiments.stats import (
    CupedRatioSample,
    CupedSample,
    MeanSample,
    ProportionSample,
    RatioSample,
)

Plain = ProportionSample | MeanSample | RatioSample
Sample = Plain | CupedSample | CupedRatioSample


@dataclass(frozen=True, kw_only=True)
class Samples:
    """A metric's sufficient statistics: one sample per phase, fields of shape (variants, periods).

    `cuped` are the same users' with their pre-period, None without a lookback.
    """

    plain: tuple[Plain, ...]
    cuped: tuple[CupedSample | CupedRatioSample, ...] | None

    @property
    def pooled(self) -> Plain:
        """All phases together: what the arms are described by. Only phases are compared."""
        return reduce(add, self.plain)

    @cached_property
    def latest(self) -> "Samples":
        """At as_of alone."""
        if all(np.shape(sample.users)[-1] == 1 for sample in self.plain):
            return self
        last = np.s_[:, -1:]
        return Samples(
            plain=tuple(part(sample, last) for sample in self.plain),
            cuped=None if self.cuped is None else tuple(part(s, last) for s in self.cuped),
        )

    @cached_property
    def known(self) -> dict[Hashable, Any]:
        """What was found of these samples, by what was asked: a table asks some things twice."""
        return {}

    @cached_property
    def plain_pairs(self) -> "Pairs":
        """The control and all treatments, each phase by phase."""
        return _pairs(self.plain)

    @cached_property
    def cuped_pairs(self) -> "Pairs":
        """The same with their pre-period; there must be one."""
        assert self.cuped is not None  # noqa: S101  (asked for with a lookback alone)
        return _pairs(self.cuped)


Pairs = tuple[list[Any], list[Any]]


def _pairs(phases: Sequence[Sample]) -> Pairs:
    controls = [part(sample, slice(0, 1)) for sample in phases]
    return controls, [part(sample, slice(1, None)) for sample in phases]


def samples(sums: Moments, metric: Metric, columns: Columns, *, cuped: bool) -> Samples:
    """The metric's samples."""
    phases = range(len(sums.of(Term(metric.window))))
    taken = [_Phase(sums, metric, columns, phase) for phase in phases]
    return Samples(
        plain=tuple(phase.plain() for phase in taken),
        cuped=tuple(phase.cuped() for phase in taken) if cuped else None,
    )


class _Phase:
    def __init__(self, sums: Moments, metric: Metric, columns: Columns, phase: int) -> None:
        self._sums, self._phase, self._metric = sums, phase, metric
        self._post = factors_of(metric, columns)
        self._pre = factors_of(metric, columns, pre=True)

    def plain(self) -> Plain:
        if self._metric.kind in ("proportion", "retention"):
            return ProportionSample(n=self._sum(), successes=self._sum(*self._post))
        return self._mean(self._post) if len(self._post) == 1 else self._ratio(self._post)

    def cuped(self) -> CupedSample | CupedRatioSample:
        if len(self._post) == 1:
            product = self._sum(*self._post, *self._pre)
            return CupedSample(
                post=self._mean(self._post), pre=self._mean(self._pre), product=product
            )
        (num, den), (pre_num, pre_den) = self._post, self._pre
        return CupedRatioSample(
            post=self._ratio(self._post),
            pre=self._ratio(self._pre),
            num_pre_num=self._sum(num, pre_num),
            num_pre_den=self._sum(num, pre_den),
            den_pre_num=self._sum(den, pre_num),
            den_pre_den=self._sum(den, pre_den),
        )

    def _mean(self, factors: Sequence[Factor]) -> MeanSample:
        (one,) = factors
        return MeanSample(n=self._sum(), total=self._sum(one), total_squares=self._sum(one, one))

    def _ratio(self, factors: Sequence[Factor]) -> RatioSample:
        top, bottom = factors
        return RatioSample(
            n=self._sum(),
            numerator=self._sum(top),
            numerator_squares=self._sum(top, top),
            denominator=self._sum(bottom),
            denominator_squares=self._sum(bottom, bottom),
            product=self._sum(top, bottom),
        )

    def _sum(self, *factors: Factor) -> Floats:
        found: Floats = self._sums.of(term(self._metric.window, *factors))[self._phase]
        return found


def part(sample: Any, index: Any) -> Any:
    """The sample of some variants or periods, by a NumPy index into (variants, periods).

    Sums that data can have are so in every part: they are not checked again, which would take
    longer than to compare them.
    """
    made = object.__new__(type(sample))
    for name, value in vars(sample).items():
        of_part = part(value, index) if is_dataclass(value) else np.asarray(value)[index]
        object.__setattr__(made, name, of_part)
    return made


def whole(sample: Any) -> Any:
    """All variants together, at every period."""
    return reduce(add, [part(sample, place) for place in range(len(np.asarray(sample.users)))])


def with_average_user(sample: Any) -> Any:
    """Every variant with one more user, who did what all users did on average.

    A variant in which nobody did anything has no spread, and no test. This one has; the users more
    draw every comparison a little towards no difference. Where there are no users, none is added.
    """
    everyone = whole(sample)
    return sample + _mapped(everyone, lambda value: value / np.maximum(everyone.users, 1))


def _mapped(sample: Any, change: Callable[[Any], Any]) -> Any:
    def changed(value: Any) -> Any:
        return _mapped(value, change) if is_dataclass(value) else change(value)

    return type(sample)(**{f.name: changed(getattr(sample, f.name)) for f in fields(sample)})
