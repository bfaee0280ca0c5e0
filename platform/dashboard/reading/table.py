"""The scorecard as rows: goals, secondaries and guardrails, one line per comparison. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from dashboard.reading.comparison_row import Row, core, margin_of, row
from dashboard.reading.notes import metric_notes
from dashboard.reading.scale import Scale, scale_of
from dashboard.reading.ticks import Tick, ticks
from experiments.metrics import results
from experiments.metrics.results import MetricResult, Scorecard


@dataclass(frozen=True, kw_only=True)
class MetricRows:
    """A metric: its name, how it is formed, the control's value, and a row per treatment.

    `notes` are what to know of its numbers, where there is anything. `ticks` are there where it has
    an axis of its own.
    """

    key: str
    name: str
    kind: str
    notes: tuple[str, ...]
    control: str
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """Metrics of one rank. Relative effects share one scale; absolute ones have units, and each
    metric a scale of its own with zero in the middle, where the zeros of all are below each other.

    `ticks` are of what all rows share: none where they share nothing, or no bar is drawn. A metric
    that `folds` is one line of readings on a phone, until it is opened. `term` is the word of the
    glossary that explains the rank.
    """

    title: str
    rule: str
    ticks: tuple[Tick, ...]
    metrics: tuple[MetricRows, ...]
    folds: bool = False
    term: str = ""


def groups(
    scorecard: Scorecard, arms: Sequence[ArmView], *, scale: results.Scale, decides: bool = True
) -> tuple[Group, ...]:
    """The groups that have metrics, the goals first. What does not decide carries no colour."""
    of_role = {
        role: [metric for metric in scorecard.metrics if metric.role == role]
        for role in ("goal", "secondary", "guardrail")
    }
    goals = of_role["goal"]
    parts = (
        (
            ngettext("Goal", "Goals", len(goals)),
            _goal_rule(scorecard, len(goals), decides=decides),
            goals,
        ),
        (_("Secondaries"), _("inform, and decide nothing"), of_role["secondary"]),
        (_("Guardrails"), _guard_rule(scorecard, scale), of_role["guardrail"]),
    )
    by_key = {arm.key: arm for arm in arms}
    return tuple(
        replace(
            _group(title, rule, metrics, scorecard, by_key, scale, decides=decides),
            folds=metrics is not goals,
            term="guardrail" if metrics is of_role["guardrail"] else "",
        )
        for title, rule, metrics in parts
        if metrics
    )


def alone(
    scorecard: Scorecard, metric: MetricResult, arms: Sequence[ArmView], *, scale: results.Scale
) -> Group:
    """One metric as a group of its own, on a scale of its own."""
    by_key = {arm.key: arm for arm in arms}
    return _group(metric.name, "", [metric], scorecard, by_key, scale)


CORRECTIONS = {
    "holm": gettext_lazy("%(count)s comparisons share the %(error)s error"),
    "e_bh": gettext_lazy("%(count)s comparisons share %(error)s of false finds"),
}


def _guard_rule(scorecard: Scorecard, scale: results.Scale) -> str:
    if scale == "relative":
        said = _("must not get worse by more than their margin, the dashed line")
    else:
        said = _("must not get worse by more than their margin, which is relative")
    tested = "" if scorecard.method == "bayesian" else _(". p is against it")
    return f"{said}{tested}"


def _goal_rule(scorecard: Scorecard, goals: int, *, decides: bool) -> str:
    verb = ngettext("decides", "decide", goals) if decides else _("looked at otherwise")
    if scorecard.correction == "none":
        return verb
    count = words.counted(goals * (len(scorecard.arms) - 1)).capitalize()
    error = formats.share(1 - scorecard.confidence)
    shared = CORRECTIONS[scorecard.correction] % {"count": count, "error": error}
    return f"{verb}. {shared}"


def _group(
    title: str,
    rule: str,
    metrics: Sequence[MetricResult],
    scorecard: Scorecard,
    arms: dict[str, ArmView],
    scale: results.Scale,
    *,
    decides: bool = True,
) -> Group:
    if scale == "relative" or len(metrics) == 1:
        drawn = _scale_for(scorecard, metrics, scale, even=scale == "absolute")
        rows = tuple(_metric(scorecard, m, arms, scale, drawn, decides=decides) for m in metrics)
        return Group(title=title, rule=rule, ticks=_marks(rows, metrics[0], scale), metrics=rows)
    own = tuple(_on_its_own(scorecard, m, arms, scale, decides=decides) for m in metrics)
    return Group(title=title, rule=rule, ticks=(), metrics=own)


def _on_its_own(
    scorecard: Scorecard,
    metric: MetricResult,
    arms: dict[str, ArmView],
    scale: results.Scale,
    *,
    decides: bool,
) -> MetricRows:
    drawn = _scale_for(scorecard, [metric], scale, even=True)
    rows = _metric(scorecard, metric, arms, scale, drawn, decides=decides)
    return replace(rows, ticks=_marks([rows], metric, scale))


def _marks(
    drawn: Sequence[MetricRows], metric: MetricResult, scale: results.Scale
) -> tuple[Tick, ...]:
    """Of the scale that all those rows have."""
    shown = [row for rows in drawn for row in rows.rows if row.bar]
    return ticks(shown[0].scale, words.unit(metric, scale)) if shown else ()


def _scale_for(
    scorecard: Scorecard,
    metrics: Sequence[MetricResult],
    scale: results.Scale,
    *,
    even: bool = False,
) -> Scale:
    past = [c for metric in metrics for c in metric.comparisons if c.floor.reached]
    decided = [comparison.decided(scale) for comparison in past]
    cores = [core(scorecard, comparison, scale) for comparison in past]
    ends = [end for result in cores for end in (result.effect, result.low, result.high)]
    ends += [margin_of(metric, c, scale) for metric in metrics for c in metric.comparisons]
    return scale_of(
        [(result.low, result.high) for result in decided],
        within=[end for end in ends if end is not None],
        even=even,
    )


def _metric(
    scorecard: Scorecard,
    metric: MetricResult,
    arms: dict[str, ArmView],
    scale: results.Scale,
    drawn: Scale,
    *,
    decides: bool,
) -> MetricRows:
    control = metric.values[0].value if metric.values else None
    return MetricRows(
        key=metric.metric,
        name=metric.name,
        kind=words.kind_line(metric),
        notes=(*_margin(metric), *metric_notes(scorecard, metric)),
        control=formats.value(control, words.style(metric)),
        rows=tuple(
            row(
                scorecard,
                metric,
                c,
                arm=arms[c.variant],
                scale=scale,
                drawn=drawn,
                decides=decides,
            )
            for c in metric.comparisons
        ),
    )


def _margin(metric: MetricResult) -> tuple[str, ...]:
    """Of a guardrail, which has one margin for all treatments, and whether it holds a winner up."""
    found = [c.guardrail.margin for c in metric.comparisons if c.guardrail is not None]
    if not found:
        return ()
    margin = _("margin %(share)s") % {"share": formats.share(found[0])}
    return (margin if metric.required else _("%(margin)s, only watched") % {"margin": margin},)
