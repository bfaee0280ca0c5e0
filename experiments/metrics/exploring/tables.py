"""An analysis by other settings, among other users: samples in, comparisons out. Pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from experiments.metrics import arms as arm
from experiments.metrics.comparing import Wanted, settings_of
from experiments.metrics.exploring.choices import (
    SAID,
    Choice,
    Cut,
    refusals,
    treatments_in,
    usual,
)
from experiments.metrics.exploring.exceptions import CannotExplore
from experiments.metrics.exploring.kept import KeptSamples
from experiments.metrics.judging import is_healthy
from experiments.metrics.reading import Before, Read, compared, read
from experiments.metrics.results import MetricResult, Scorecard, VariantComparison
from experiments.metrics.samples import Samples, part
from experiments.metrics.spec import ScorecardSpec, Tracked
from experiments.metrics.together import compare_together


def explore(
    card: Scorecard, spec: ScorecardSpec, kept: KeptSamples | None, choice: Choice
) -> Scorecard:
    """The scorecard as that choice shows it: other comparisons, and the decision that stands.

    The usual choice is the scorecard as it was stored. Any other judges this look alone, by the
    same floor and health; only where nothing but the correction differs do the looks before count
    too. `spec` and `kept` are those of the card. Raises CannotExplore, naming the field.
    """
    if choice == usual(card):
        return card
    for field, refused in refusals(card, choice):
        raise CannotExplore(field, SAID[refused])
    if kept is None:
        raise CannotExplore(_first_change(card, choice), SAID["no_samples"])
    return recompute(card, spec, kept, choice)


def recompute(card: Scorecard, spec: ScorecardSpec, kept: KeptSamples, choice: Choice) -> Scorecard:
    """The same from the samples even for the usual choice, which is to come to what was stored."""
    looked = looked_at(spec, card, choice)
    return _card(card, looked, choice, _reads(card, looked, kept, choice))


def looked_at(spec: ScorecardSpec, card: Scorecard, choice: Choice) -> ScorecardSpec:
    """The spec of that choice: of one phase, with the variants that take users there."""
    variants = (spec.control, *treatments_in(card, choice.phase))
    places = [spec.variants.index(variant) for variant in variants]
    phases = [p for p in spec.phases if choice.phase in (None, p.number)]
    return replace(
        spec,
        variants=variants,
        phases=tuple(replace(p, weights=tuple(p.weights[i] for i in places)) for p in phases),
        method=choice.method,
        cuped=choice.cuped,
        correction=choice.correction,
        resamples=0,
    )


def _reads(card: Scorecard, looked: ScorecardSpec, kept: KeptSamples, choice: Choice) -> list[Read]:
    healthy = is_healthy(card.health)
    cut = [_cut(c.attribute, c.value, c.rest) for c in kept.cuts].index(choice.cut)
    samples = {
        tracked.metric.key: _narrowed(kept.samples_of(cut, tracked.metric.key), kept, looked)
        for tracked in looked.metrics
    }
    wanted = dict.fromkeys(each for t in looked.metrics for each in _wanted(choice, t))
    compare_together(
        looked,
        samples.values(),
        [(settings_of(looked, method, scale), cuped) for cuped, method, scale in wanted],
    )
    return [
        read(
            looked,
            tracked,
            samples[tracked.metric.key],
            healthy=healthy,
            before=_before(card, choice, tracked),
            wanted=_wanted(choice, tracked),
        )
        for tracked in looked.metrics
    ]


def _cut(attribute: str | None, value: str | None, rest: bool) -> Cut | None:
    return None if attribute is None else Cut(attribute=attribute, value=value, rest=rest)


def _narrowed(samples: Samples, kept: KeptSamples, looked: ScorecardSpec) -> Samples:
    """Of the phases and variants that are looked at."""
    variants = [kept.variants.index(variant) for variant in looked.variants]
    phases = [kept.phases.index(phase.number) for phase in looked.phases]
    return Samples(
        plain=tuple(part(samples.plain[i], variants) for i in phases),
        cuped=None
        if samples.cuped is None
        else tuple(part(samples.cuped[i], variants) for i in phases),
    )


def _wanted(choice: Choice, tracked: Tracked) -> Sequence[Wanted]:
    """What a table shows of a metric: the method chosen, one look beside it, and of a guardrail the
    test that says whether it is harmed.
    """
    beside = ("fixed",) if choice.method == "sequential" else ()
    guards = ("sequential",) if tracked.margin is not None else ()
    methods = (choice.method, *beside, *guards)
    scales = ("relative", "absolute")
    return [(choice.cuped, method, scale) for method in dict.fromkeys(methods) for scale in scales]  # type: ignore[misc]


def looks_count(card: Scorecard, choice: Choice) -> bool:
    """Whether the p-values of the choice are the least of all looks, as those that decide are."""
    return _same_test(card, choice) and choice.correction != "e_bh"


def _same_test(card: Scorecard, choice: Choice) -> bool:
    same = replace(choice, correction=card.correction) == usual(card)
    return same and card.correction != "e_bh"  # which keeps this look alone


def _before(card: Scorecard, choice: Choice, tracked: Tracked) -> Before:
    """The looks that were judged before, where they were judged by the same test."""
    if not _same_test(card, choice):
        return {}
    return {c.variant: c for c in card.metric(tracked.metric.key).comparisons}


def _card(
    card: Scorecard, looked: ScorecardSpec, choice: Choice, reads: Sequence[Read]
) -> Scorecard:
    found = compared(looked, reads, healthy=is_healthy(card.health))
    metrics = tuple(_metric(card, looked, r, found[r.tracked.metric.key]) for r in reads)
    users = {v.variant: v.users for m in metrics if m.primary for v in m.values}
    held = [arm.variant for arm in card.arms]
    places = [held.index(variant) for variant in looked.variants]
    return replace(
        card,
        method=choice.method,
        cuped=choice.cuped,
        correction=looked.corrected,
        arms=tuple(
            replace(a, users=users[a.variant]) for a in card.arms if a.variant in looked.variants
        ),
        phases=tuple(
            replace(
                p,
                weights=tuple(p.weights[i] for i in places),
                users=tuple(p.users[i] for i in places),
            )
            for p in card.phases
            if choice.phase in (None, p.number)
        ),
        metrics=metrics,
        series={},
        lifts={},
    )


def _metric(
    card: Scorecard,
    looked: ScorecardSpec,
    found: Read,
    comparisons: tuple[VariantComparison, ...],
) -> MetricResult:
    """The stored result with other comparisons; what was not counted for them is left out."""
    values = arm.arm_values(found.samples.pooled, looked.confidence)
    return replace(
        card.metric(found.tracked.metric.key),
        values=arm.latest(values, looked.variants),
        comparisons=comparisons,
        immature=(),
        segments=(),
        heterogeneity=(),
    )


def _first_change(card: Scorecard, choice: Choice) -> str:
    was = usual(card)
    names = ("method", "cuped", "correction", "phase", "cut")
    return next(name for name in names if getattr(choice, name) != getattr(was, name))
