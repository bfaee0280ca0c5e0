"""A ramp in words: where each step stands, and what it does next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext as _

from experiments.ramps import Ramp, Step

Standing = Literal["done", "now", "to come"]


@dataclass(frozen=True, kw_only=True)
class StepRow:
    step: Step
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class RampView:
    """`sentence` says the state, `why` its reason."""

    ramp: Ramp
    rows: list[StepRow]
    sentence: str
    climbing: bool

    @property
    def following(self) -> Step | None:
        """The step that “Advance now” goes to; None from the last one."""
        later = self.ramp.steps[self.ramp.at + 1 :]
        return later[0] if later else None


def ramp_view(ramp: Ramp, *, paused: bool) -> RampView:
    at = {"step": ramp.at + 1, "of": len(ramp.steps)}
    sentences = {
        "waiting": _("It begins with the experiment."),
        "climbing": _("It is at step %(step)d of %(of)d.") % at
        + (" " + _("It waits while the experiment is paused, and then begins this step anew."))
        * paused,
        "done": _("It is done, and watches no more."),
        "rolled_back": _("It took the experiment back at step %(step)d of %(of)d and is over.")
        % at,
        "cancelled": _("It was cancelled at step %(step)d of %(of)d.") % at,
    }
    return RampView(
        ramp=ramp,
        rows=[StepRow(step=s, standing=_standing(ramp, n)) for n, s in enumerate(ramp.steps)],
        sentence=sentences[ramp.state],
        climbing=ramp.state == "climbing",
    )


def _standing(ramp: Ramp, n: int) -> Standing:
    if ramp.state == "waiting" or n > ramp.at:
        return "to come"
    return "now" if n == ramp.at and ramp.state == "climbing" else "done"
