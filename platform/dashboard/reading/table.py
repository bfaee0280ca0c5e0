"""The scorecard as rows: Goal and Secondaries, one line per comparison. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from dashboard.reading.bars import Bar, Tone, bar
from dashboard.reading.scale import Scale, scale_of
from experiments.metrics import results
from experiments.metrics.results import MetricResult, Scorecard, VariantComparison


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one comparison says: a word, an icon beside it, a tone, and why in a sentence."""

    word: str
    icon: str
    tone: Tone
    why: str = ""


READINGS = {
    "better": Reading(word="Better", icon="up", tone="better"),
    "worse": Reading(word="Worse", icon="down", tone="worse"),
    "no_call": Reading(word="No call yet", icon="wait", tone="flat"),
    "collecting": Reading(word="Collecting", icon="collecting", tone="flat"),
    "no_answer": Reading(word="No answer", icon="info", tone="flat"),
}
NOT_JUDGED = Reading(
    word="Not judged",
    icon="warn",
    tone="flat",
    why="The experiment is unhealthy, so nothing on it is judged.",
)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far the arm that lacks most is from the floor: `percent` 0..100, and in words."""

    percent: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A treatment on a metric. While collecting there is a progress, and neither lift nor bar."""

    arm: ArmView
    value: str
    lift: str
    interval: str
    bar: Bar | None
    scale: Scale
    progress: Progress | None
    p: str
    p_note: str
    reading: Reading


@dataclass(frozen=True, kw_only=True)
class MetricRows:
    """A metric: its name, how it is formed, the control's value, and a row per treatment."""

    key: str
    name: str
    kind: str
    control: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A label on the group's scale, at a percent of its width."""

    at: float
    text: str


ZERO = Tick(at=50.0, text="0")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Metrics of one rank, drawn on one scale.

    `ticks` holds zero alone where the units differ, and nothing where no bar is drawn.
    """

    title: str
    rule: str
    ticks: tuple[Tick, ...]
    metrics: tuple[MetricRows, ...]


def groups(
    scorecard: Scorecard, arms: Sequence[ArmView], *, scale: results.Scale
) -> tuple[Group, ...]:
    """The groups that have metrics, the goal first."""
    primary = [metric for metric in scorecard.metrics if metric.primary]
    others = [metric for metric in scorecard.metrics if not metric.primary]
    parts = (
        ("Goal", _goal_rule(scorecard), primary),
        ("Secondaries", "inform, and decide nothing", others),
    )
    by_key = {arm.key: arm for arm in arms}
    return tuple(
        _group(title, rule, metrics, scorecard, by_key, scale)
        for title, rule, metrics in parts
        if metrics
    )


def _goal_rule(scorecard: Scorecard) -> str:
    treatments = len(scorecard.arms) - 1
    if treatments < 2 or scorecard.correction == "none":
        return "decides"
    error = formats.share(1 - scorecard.confidence)
    return f"decides. {words.counted(treatments).capitalize()} comparisons share the {error} error"


def _group(
    title: str,
    rule: str,
    metrics: Sequence[MetricResult],
    scorecard: Scorecard,
    arms: dict[str, ArmView],
    scale: results.Scale,
) -> Group:
    common = _scale_for(metrics, scale) if scale == "relative" else None
    judged = scorecard.verdict.state != "unhealthy"
    rows = tuple(
        _metric(metric, arms, scale, common or _scale_for([metric], scale, even=True), judged)
        for metric in metrics
    )
    drawn = any(row.bar for metric in rows for row in metric.rows)
    ticks = (_ticks(common) if common else (ZERO,)) if drawn else ()
    return Group(title=title, rule=rule, ticks=ticks, metrics=rows)


def _scale_for(
    metrics: Sequence[MetricResult], scale: results.Scale, *, even: bool = False
) -> Scale:
    past = [c for metric in metrics for c in metric.comparisons if c.floor.reached]
    valid = [comparison.result("sequential", scale) for comparison in past]
    fixed = [comparison.result("fixed", scale) for comparison in past]
    cores = (end for result in fixed for end in (result.effect, result.low, result.high))
    return scale_of(
        [(result.low, result.high) for result in valid],
        within=[end for end in cores if end is not None],
        even=even,
    )


def _ticks(scale: Scale) -> tuple[Tick, ...]:
    return tuple(
        Tick(at=scale.at(effect), text=_tick_text(effect))
        for effect in scale.ticks()
        if 4 <= scale.at(effect) <= 96
    )


def _tick_text(effect: float) -> str:
    if not effect:
        return "0"
    digits = 0 if abs(effect * 100 - round(effect * 100)) < 1e-9 else 1
    return f"{formats.MINUS if effect < 0 else '+'}{abs(effect) * 100:.{digits}f}%"


def _metric(
    metric: MetricResult,
    arms: dict[str, ArmView],
    scale: results.Scale,
    drawn: Scale,
    judged: bool,
) -> MetricRows:
    values = {value.variant: value.value for value in metric.values}
    control = metric.values[0].value if metric.values else None
    return MetricRows(
        key=metric.metric,
        name=metric.name,
        kind=words.kind_line(metric),
        control=formats.value(control, metric.format),
        rows=tuple(
            _row(
                metric,
                comparison,
                arm=arms[comparison.variant],
                value=formats.value(values.get(comparison.variant), metric.format),
                scale=scale,
                drawn=drawn,
                judged=judged,
            )
            for comparison in metric.comparisons
        ),
    )


def _row(
    metric: MetricResult,
    comparison: VariantComparison,
    *,
    arm: ArmView,
    value: str,
    scale: results.Scale,
    drawn: Scale,
    judged: bool,
) -> Row:
    valid = comparison.result("sequential", scale)
    reading = _reading(comparison, valid.reason, judged)
    collecting = not comparison.floor.reached
    unit = words.unit(metric, scale)
    return Row(
        arm=arm,
        value=value,
        lift=formats.DASH if collecting else formats.signed(valid.effect, unit),
        interval=formats.DASH if collecting else formats.interval(valid.low, valid.high, unit),
        bar=None
        if collecting
        else bar(valid, comparison.result("fixed", scale), scale=drawn, tone=reading.tone),
        scale=drawn,
        progress=progress(comparison, arm) if collecting else None,
        p=formats.DASH if collecting else formats.p_value(comparison.adjusted_p_value),
        p_note="" if collecting else _p_note(comparison),
        reading=reading,
    )


def _reading(comparison: VariantComparison, reason: str | None, judged: bool) -> Reading:
    if not judged:
        return NOT_JUDGED
    reading = READINGS[comparison.reading]
    why = words.reason_words(reason) if comparison.reading == "no_answer" else ""
    return Reading(word=reading.word, icon=reading.icon, tone=reading.tone, why=why)


def _p_note(comparison: VariantComparison) -> str:
    if comparison.p_value == comparison.adjusted_p_value:
        return ""
    return (
        f"Corrected for the number of comparisons. Alone: {formats.equals_p(comparison.p_value)}."
    )


def progress(comparison: VariantComparison, arm: ArmView) -> Progress:
    """What is missing until a comparison is judged: users first, then a steady enough rate."""
    floor = comparison.floor
    if floor.users_missing:
        done = floor.users / floor.users_needed
        text = f"{floor.users:,} of {floor.users_needed:,} users"
    else:
        done = (floor.precision or 0.0) / floor.precision_needed
        text = f"{min(done, 0.99):.0%} of the precision needed"
    whose = "" if floor.variant == arm.key else f" in {floor.variant}"
    return Progress(percent=round(min(done, 1.0) * 100, 1), text=text + whose)
