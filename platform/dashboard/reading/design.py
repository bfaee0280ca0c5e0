"""What the page of the design system shows: the tokens, and a sample of each part. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dashboard.reading import verdict
from dashboard.reading.arms import ArmView
from dashboard.reading.bars import Bar, Tone
from dashboard.reading.buckets import Stretch
from dashboard.reading.comparison_row import READINGS, Progress, Reading
from dashboard.reading.rows import AT_REST, Badge
from dashboard.reading.scale import Scale
from dashboard.reading.ticks import Tick, ticks

TOKEN = re.compile(r"--([\w-]+): light-dark\(([^,()]+(?:\([^)]*\))?), ([^()]+(?:\([^)]*\))?)\);")


@dataclass(frozen=True, kw_only=True)
class Token:
    """A colour by its name, in the light and in the dark theme."""

    name: str
    light: str
    dark: str


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """What the template of an interval bar reads, with what it shows in words."""

    says: str
    scale: Scale
    bar: Bar | None = None
    progress: Progress | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Bars on one scale."""

    ticks: tuple[Tick, ...]


def tokens(css: str) -> tuple[Token, ...]:
    """The colours that a style sheet defines for both themes, in its order."""
    return tuple(
        Token(name=name, light=light, dark=dark) for name, light, dark in TOKEN.findall(css)
    )


SCALE = Scale(low=-0.1, high=0.2)
GROUP = Group(ticks=ticks(SCALE))
BADGES: tuple[Badge, ...] = (
    *AT_REST.values(),
    *(Badge(tone=tone, icon=icon, word=word) for tone, icon, word in verdict.BADGES.values()),
)
SAMPLE_READINGS: tuple[Reading, ...] = tuple(READINGS.values())
ARMS = tuple(
    ArmView(
        letter=letter,
        key=f"recommender-{letter.lower()}",
        recommender=f"recommender-{letter.lower()}",
        version=None,
        share=share,
        users=None,
    )
    for letter, share in zip("ABCDEF", (0.3, 0.2, 0.15, 0.15, 0.1, 0.05), strict=True)
)
STRETCHES = (
    Stretch(size=2000, name="This experiment", tone="mine", number=1),
    Stretch(size=1500, name="A neighbour", tone="held-1", number=2),
    Stretch(size=1500, name="Another one", tone="held-2", number=3),
    Stretch(size=1000, name="Claimed, and not used now", tone="idle", number=4),
    Stretch(size=4000, name="Free", tone="free"),
)


def _bar(low: float, core_low: float, dot: float, core_high: float, high: float, tone: Tone) -> Bar:
    at = SCALE.at
    return Bar(
        low=at(low),
        high=at(high),
        low_capped=low >= SCALE.low,
        high_capped=high <= SCALE.high,
        core_low=at(core_low),
        core_high=at(core_high),
        dot=at(dot),
        tone=tone,
    )


BARS = (
    SampleRow(says="A judged gain", scale=SCALE, bar=_bar(0.02, 0.05, 0.08, 0.11, 0.14, "better")),
    SampleRow(
        says="A judged loss", scale=SCALE, bar=_bar(-0.09, -0.07, -0.05, -0.03, -0.01, "worse")
    ),
    SampleRow(
        says="Not judged, and beyond the scale",
        scale=SCALE,
        bar=_bar(-0.06, 0.0, 0.06, 0.12, 0.24, "flat"),
    ),
    SampleRow(
        says="Below the floor",
        scale=SCALE,
        progress=Progress(percent=71.0, text="71 of 100 users"),
    ),
)
