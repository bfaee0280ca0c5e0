"""What the steps of the create wizard say beside their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard.forms.wizard import STEPS, Step
from dashboard.reading.measured import facts
from dashboard.wizard import Place
from experiments import checklist, metric_definitions
from experiments.models import Experiment, Sketch


@dataclass(frozen=True, kw_only=True)
class StepMark:
    """A step in the row of steps. `left` says what is missing of it; empty where it is whole."""

    key: Step
    number: int
    name: str
    current: bool
    done: bool
    left: str
    address: str


def name_of(step: Step) -> str:
    return {
        "setup": _("Setup"),
        "variants": _("Variants"),
        "measurement": _("Measurement"),
        "review": _("Review and launch"),
    }[step]


def steps(place: Place, at: Step, wrong: Mapping[Step, int]) -> list[StepMark]:
    """Done is a step that somebody saved, or that a draft has, and that lacks nothing."""
    return [
        StepMark(
            key=step,
            number=number,
            name=name_of(step),
            current=step == at,
            done=step != "review" and not wrong[step] and bool(place.draft or place.seen(step)),
            left=left(wrong[step]),
            address=place.address(step),
        )
        for number, step in enumerate(STEPS, start=1)
    ]


def carried(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the forecast beside the measurement needs of the steps before."""
    weights = [name for name in fields if name.startswith("variants-") and name.endswith("-weight")]
    return [(name, fields[name]) for name in ("placement", "traffic", *weights)]


def left(count: int) -> str:
    if not count:
        return ""
    said = ngettext(
        "%(n)d field to fill in or correct", "%(n)d fields to fill in or correct", count
    )
    return said % {"n": count}


def review(place: Place, wrong: Mapping[Step, int]) -> dict[str, Any]:
    """Of a draft the checklist; of what is not whole which steps lack what."""
    marks = steps(place, "review", wrong)
    lacking = [mark for mark in marks if mark.left and mark.key != "review"]
    draft = place.draft
    if lacking or draft is None:
        return {"lacking": lacking}
    chosen = draft.measured
    return {
        "lacking": [],
        "draft": draft,
        "variants": list(draft.variants.select_related("recommender__live__recommender")),
        "measured": facts(chosen, metric_definitions.named(chosen.needed)),
        "checklist": checklist.launch_checklist(draft, now=place.now),
    }


def kept(sketch: Sketch | None, count: int) -> str:
    name = sketch.name if sketch else ""
    called = f"“{name}”" if name else _("The draft")
    return _("%(called)s is kept as it is: %(left)s.") % {"called": called, "left": left(count)}


def drafted() -> str:
    return _("The draft is saved.")


def scheduled(draft: Experiment) -> str:
    at = f"{draft.starts_at:%Y-%m-%d %H:%M}" if draft.starts_at else ""
    return _("It starts by itself at %s UTC, if the checklist holds then.") % at


def started() -> str:
    return _(
        "It is no draft any more: somebody started or archived it. What you typed is not saved."
    )


def gone() -> str:
    return _(
        "This was saved as a draft or discarded meanwhile. If it was saved, the list below has it."
    )
