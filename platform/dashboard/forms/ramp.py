"""The steps of a ramp as rows of a form: share in percent, hours, users."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from experiments.exceptions import ExperimentError
from experiments.ramps import MOST_STEPS, Ramp, Step

HUNDRED = Decimal(100)
ROWS = 5
PARTS = ("share", "hours", "users")
NUMBER = {"invalid": _("Give a number."), "max_decimal_places": _("Give at most two decimals.")}


def optional_number(**attrs: str) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.01", "min": "0", **attrs}),
        error_messages=NUMBER,
    )


def typed(share: Decimal) -> str:
    """A share as somebody would type it in percent: `40`, `33.33`."""
    return f"{(share * HUNDRED).quantize(Decimal('0.01')).normalize():f}"


class RampRows(forms.Form):
    """A form with rows for the steps of a ramp. An empty share is no step."""

    def add_rows(self, ramp: Ramp | None) -> None:
        """As many as the ramp has or were sent, and no fewer than ROWS."""
        given = [*self.data, *self.initial]
        sent = sum(name.startswith("ramp-") and name.endswith("-share") for name in given)
        self._rows = min(max(ROWS, sent, len(ramp.steps) if ramp else 0), MOST_STEPS)
        for n in range(self._rows):
            for part in PARTS:
                self.fields[f"ramp-{n}-{part}"] = optional_number()

    @property
    def ramp_rows(self) -> list[tuple[forms.BoundField, ...]]:
        return [tuple(self[f"ramp-{n}-{part}"] for part in PARTS) for n in range(self._rows)]

    def ramp(self) -> Ramp | None:
        """What was typed; None without a step."""
        steps = self._steps()
        return Ramp(steps=tuple(step for row, step in steps)) if steps else None

    def place_of(self, error: ExperimentError) -> str:
        """The field that an error of a ramp is about."""
        steps, rest = self._steps(), (error.field or "").split("/")[1:]
        row = steps[int(rest[1])][0] if len(rest) > 1 else 0
        return f"ramp-{row}-{rest[2] if len(rest) > 2 else 'share'}"

    def _steps(self) -> list[tuple[int, Step]]:
        """The steps with the rows they were typed in."""
        given = self.cleaned_data
        return [
            (
                n,
                Step(
                    share=given[f"ramp-{n}-share"] / HUNDRED,
                    hours=float(given.get(f"ramp-{n}-hours") or 0),
                    users=int(given.get(f"ramp-{n}-users") or 0),
                ),
            )
            for n in range(self._rows)
            if given.get(f"ramp-{n}-share")
        ]


def shown(ramp: Ramp | None) -> dict[str, Any]:
    """The steps as the form shows them."""
    fields: dict[str, Any] = {}
    for n, step in enumerate(ramp.steps if ramp else ()):
        fields[f"ramp-{n}-share"] = typed(step.share)
        fields[f"ramp-{n}-hours"] = f"{step.hours:g}" if step.hours else None
        fields[f"ramp-{n}-users"] = step.users or None
    return fields
