"""The scorecard as rows for a file: exact values, units, and the settings behind them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from dashboard.reading.sheet import Sheet
from experiments.metrics.exploring.shown import shown

if TYPE_CHECKING:
    from experiments.models import Snapshot

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins so would be run by a spreadsheet."""

Cell = str | float | int | None


def rows(sheet: Sheet, snapshot: Snapshot) -> Iterator[dict[str, Cell]]:
    """A row per metric and treatment. Shares and relative effects are fractions: `0.05` is 5%."""
    controls = sheet.controls
    settings: dict[str, Cell] = {
        "experiment": sheet.card.experiment,
        "snapshot": snapshot.pk,
        "as_of": snapshot.as_of.isoformat(),
        "decides": "no" if controls.exploring else "yes",
        "scale": sheet.scale,
        **{
            name: _text(next(o.value for o in control.options if o.chosen))
            for name, control in controls.by_name.items()
        },
    }
    for row in shown(sheet.card, sheet.scale):
        yield settings | {name: _cell(value) for name, value in msgspec.structs.asdict(row).items()}


def _cell(value: Cell) -> Cell:
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
