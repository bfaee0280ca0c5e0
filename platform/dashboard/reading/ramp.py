"""A ramp in words: where each step stands, and what it does next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
    step, of = ramp.at + 1, len(ramp.steps)
    sentences = {
        "waiting": "It begins with the experiment.",
        "climbing": f"It is at step {step} of {of}."
        + (" It waits while the experiment is paused, and then begins this step anew." * paused),
        "done": "It is done, and watches no more.",
        "rolled_back": f"It took the experiment back at step {step} of {of} and is over.",
        "cancelled": f"It was cancelled at step {step} of {of}.",
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
