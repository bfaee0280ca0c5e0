"""What the Metrics pages say of each metric, and of a change before it is saved. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.measured import Fact
from experiments.measurement import EXPLAINING, Measurement
from experiments.metrics import GUARDRAILS, Metric
from experiments.metrics.previewing import Preview
from experiments.metrics.results import ArmValue
from experiments.metrics.wording import formula, sentence, window_words

if TYPE_CHECKING:
    from experiments.models import Experiment, MetricDefinition


PARTS = ("Numerator per user", "Denominator per user")
AFTER = {
    "running": "history is counted anew at the next analysis",
    "draft": "numbers will be those of the new definition",
    "paused": "history is counted anew at the next analysis",
    "stopped": "numbers stay those of the old definition",
    "shipped": "numbers stay those of the old definition",
    "archived": "numbers stay those of the old definition",
}


@dataclass(frozen=True, kw_only=True)
class MetricRow:
    """A metric of the list; `row` is None for one that is built in."""

    metric: Metric
    row: MetricDefinition | None
    used_by: Sequence[Experiment]

    @property
    def says(self) -> str:
        return sentence(self.metric)

    @property
    def kind(self) -> str:
        return str(words.KINDS[self.metric.kind])


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a preview, and in half a sentence what it is."""

    name: str
    value: str
    note: str = ""


def definition_facts(metric: Metric) -> list[Fact]:
    """A definition line by line."""
    more, less = _("More is better"), _("Less is better")
    capped = metric.winsorise
    cut = "" if capped is None else _("Above percentile %s") % f"{capped * 100:g}"
    judged = _("From %s users in every arm on") % formats.number(metric.minimum_users)
    written = {"percent": _("A share in percent"), "number": _("A number")}
    lines = (
        Fact(name=_("Formula"), text=formula(metric)),
        Fact(name=_("Compared as"), text=words.KINDS[metric.kind].capitalize()),
        Fact(name=_("Counted"), text=window_words(metric.window).capitalize()),
        Fact(name=_("Good direction"), text=more if metric.direction == "increase" else less),
        Fact(name=_("Users' totals cut off"), text=cut, term="winsorised"),
        Fact(name=_("Judged"), text=judged),
        Fact(name=_("Written as"), text=written.get(metric.format, metric.currency or "")),
    )
    return [line for line in lines if line.text]


def place_of(key: str) -> str:
    """What a built-in metric is there for, chosen or not."""
    if key in EXPLAINING:
        return _("It is shown with every experiment, chosen or not: it explains others.")
    if key in GUARDRAILS:
        return _("It is watched in every experiment, chosen or not.")
    return _("It is shown where an experiment chooses it.")


def role_in(measurement: Measurement, key: str) -> str:
    """What an experiment chose a metric as."""
    if key in measurement.goals:
        return _("goal")
    return _("secondary") if key in measurement.secondaries else _("guardrail")


def consequence(was: Metric, now: Metric, used_by: Sequence[Experiment]) -> list[str]:
    """What saving `now` in the place of `was` would do, in sentences."""
    if not used_by:
        return [_("No experiment is measured by it.")]
    if now.fingerprint == was.fingerprint:
        return [f"{_counted(used_by)}: no number changes."]
    return redefined(used_by)


def redefined(used_by: Sequence[Experiment]) -> list[str]:
    """What defining a metric otherwise does to those measured by it."""
    groups = [([e for e in used_by if e.status == status], what) for status, what in AFTER.items()]
    return [
        f"{_counted(group)}: {'its' if len(group) == 1 else 'their'} {what}."
        for group, what in groups
        if group
    ]


def figures(metric: Metric, found: Preview) -> list[Figure]:
    """A preview as a row of figures."""
    style, value = words.style(metric), found.value
    late = ngettext(
        "%(n)s user too late for the window", "%(n)s users too late for the window", found.immature
    ) % {"n": formats.number(found.immature)}
    return [
        Figure(name="Users", value=f"{value.users:,}", note=late if found.immature else ""),
        Figure(name=metric.name, value=_written(value, style), note=_interval(value, style)),
        Figure(name="Users with any", value=formats.percent(found.with_any.value)),
        *(
            Figure(name=name, value=_written(mean, _mean_style(metric, place)))
            for place, (name, mean) in enumerate(zip(PARTS, found.per_user, strict=False))
            if metric.kind != "mean"
        ),
    ]


def hint(metric: Metric, found: Preview, days: int) -> str:
    """What to look at where the figures say that the definition may be wrong."""
    if not found.value.users and found.immature:
        return ngettext(
            "Nobody's window has passed within %(days)s day: look at more.",
            "Nobody's window has passed within %(days)s days: look at more.",
            days,
        ) % {"days": formats.number(days)}
    if not found.value.users:
        return ngettext(
            "Nobody was served in the last %(days)s day.",
            "Nobody was served in the last %(days)s days.",
            days,
        ) % {"days": formats.number(days)}
    if not found.with_any.value:
        return _("Nobody has any. Check the event type and the conditions, letter by letter.")
    if found.value.users < metric.minimum_users:
        return _("Fewer users than an arm needs before anything is judged.")
    return ""


def _counted(experiments: Sequence[Experiment]) -> str:
    names = ", ".join(experiment.name for experiment in experiments)
    status = {experiment.status for experiment in experiments}
    kind = f"{status.pop()} experiment" if len(status) == 1 else "experiment"
    return f"{formats.plural(len(experiments), kind)} ({names})"


def _written(value: ArmValue, style: str) -> str:
    return formats.value(value.value, style)


def _interval(value: ArmValue, style: str) -> str:
    said = formats.value_interval(value.low, value.high, style)
    return "" if said == formats.DASH else f"95% interval {said}"


def _mean_style(metric: Metric, place: int) -> str:
    """Only what adds values is money."""
    adds = getattr(metric.measures[place], "aggregation", "count") == "sum"
    return metric.currency if metric.currency and adds else "number"
