"""The scorecard's card: its controls, and the table that they ask for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reading import table
from dashboard.reading.arms import ArmView
from dashboard.reading.controls import Controls, controls_of
from dashboard.reading.notes import card_notes, phase_words
from experiments.metrics.exploring import KeptSamples, explore
from experiments.metrics.exploring.asking import Asked
from experiments.metrics.results import Scale, Scorecard
from experiments.metrics.spec import ScorecardSpec


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """`card` is what is shown, by the chosen settings; `users` are those of its primary metric."""

    card: Scorecard
    scale: Scale
    controls: Controls
    groups: tuple[table.Group, ...]
    notes: tuple[str, ...]
    phases: str
    users: int

    @property
    def guarded(self) -> bool:
        """Whether a margin is drawn."""
        bars = (row.bar for g in self.groups for metric in g.metrics for row in metric.rows)
        return any(bar is not None and bar.margin is not None for bar in bars)


def sheet(
    card: Scorecard,
    spec: ScorecardSpec,
    kept: KeptSamples | None,
    arms: Sequence[ArmView],
    asked: Asked,
    *,
    has_samples: bool,
) -> Sheet:
    """The card of a scorecard; `kept` may stay away where what decides is asked for."""
    shown = explore(card, spec, kept, asked.choice)
    controls = controls_of(card, asked, kept=has_samples)
    return Sheet(
        card=shown,
        scale=asked.scale,
        controls=controls,
        groups=table.groups(shown, arms, scale=asked.scale, decides=not controls.exploring),
        notes=card_notes(shown),
        phases=phase_words(shown),
        users=sum(arm.users for arm in shown.arms),
    )
