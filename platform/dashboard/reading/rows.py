"""An experiment as one line of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dashboard import formats
from dashboard.reading import verdict as verdicts
from dashboard.reading.arms import ArmView, arms_of

if TYPE_CHECKING:
    from dashboard.queries import Glance
    from experiments.metrics.results import Headline, Verdict
    from experiments.models import Experiment


class Judged(Protocol):
    """Anything that holds a decision: a scorecard, or what a list reads of one."""

    @property
    def decision(self) -> Verdict: ...


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A state in one word, with its tone and icon."""

    tone: str
    icon: str
    word: str | Promise


@dataclass(frozen=True, kw_only=True)
class ExperimentRow:
    """`rest`: the layer's users that do not take part, in units of the arms' shares."""

    experiment: Experiment
    badge: Badge
    sentence: str
    lift: str
    interval: str
    users: int | None
    arms: tuple[ArmView, ...]
    rest: float
    running: bool


AT_REST = {
    "draft": Badge(tone="flat", icon="draft", word="Draft"),
    "paused": Badge(tone="warn", icon="wait", word="Paused"),
    "stopped": Badge(tone="flat", icon="stopped", word="Stopped"),
    "shipped": Badge(tone="better", icon="check", word="Shipped"),
    "archived": Badge(tone="flat", icon="data", word="Archived"),
}


def experiment_row(experiment: Experiment, glance: Glance | None) -> ExperimentRow:
    headline = glance.decision.headline if glance else None
    shown = headline if headline and _judged(headline, glance) else None
    return ExperimentRow(
        experiment=experiment,
        badge=badge_of(experiment.status, glance),
        sentence=_sentence(experiment.status, glance),
        lift=formats.signed(shown.effect, "percent") if shown else formats.DASH,
        interval=formats.interval(shown.low, shown.high, "percent") if shown else "",
        users=glance.users if glance else None,
        arms=arms_of(experiment, None),
        rest=(1 - float(experiment.traffic)) / float(experiment.traffic),
        running=experiment.status == "running",
    )


def _judged(headline: Headline, glance: Glance | None) -> bool:
    """Past the floor, and health holds: before that there is no lift to show."""
    return headline.floor.reached and glance is not None and glance.decision.state != "unhealthy"


def badge_of(status: str, judged: Judged | None) -> Badge:
    """A running experiment says what its decision says; any other what became of it."""
    if status in AT_REST:
        return AT_REST[status]
    tone, icon, word = verdicts.badge(judged.decision if judged else None)
    return Badge(tone=tone, icon=icon, word=word)


def _sentence(status: str, glance: Glance | None) -> str:
    if status == "draft":
        return _("Not started yet.")
    return verdicts.short(glance.decision) if glance else _("No exposure has been analysed yet.")
