"""When a draft starts and ends by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.forms.when import split, when
from experiments.checks import check_schedule
from experiments.exceptions import ExperimentError, Invalid
from experiments.models import Experiment

NAMES = ("starts_at", "ends_at")
ZONES = tuple(f"{name}-zone" for name in NAMES)


class StartEndForm(forms.Form):
    """Both optional, each read in the zone that it was shown in."""

    use_required_attribute = False

    starts_at = when(_("Start"), _("Left empty, you start it yourself."))
    ends_at = when(_("End"), _("Left empty, you stop it yourself."))

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        now: datetime,
        of: Experiment | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        held = {"starts_at": of.starts_at, "ends_at": of.ends_at} if of else {}
        super().__init__(data, initial=held | _zoned(initial or {}))
        self._now = now

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        try:
            check_schedule(given.get("starts_at"), given.get("ends_at"), now=self._now)
        except Invalid as error:
            self.refuse(error)
        return given

    def wanted(self) -> dict[str, Any]:
        """What a Draft needs of it."""
        return {name: self.cleaned_data[name] for name in NAMES}

    def shown(self) -> dict[str, str]:
        """What a browser would send of it: the times and their zones."""
        shown = {}
        for name in NAMES:
            value = self[name].value()
            text, zone = split(
                f"{value:%Y-%m-%dT%H:%M}" if isinstance(value, datetime) else value or ""
            )
            shown[name] = text
            shown[f"{name}-zone"] = zone or timezone.get_current_timezone_name()
        return shown

    def refuse(self, error: ExperimentError) -> bool:
        """Shows the error in its place; False where it is about something else."""
        if error.field not in self.fields:
            return False
        if error.field not in self.errors:
            self.add_error(error.field, error.message)
        return True


def _zoned(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was stored as times and zones, as the fields show both."""
    return {
        name: f"{fields[name]}[{zone}]" if (zone := fields.get(f"{name}-zone")) else fields[name]
        for name in NAMES
        if fields.get(name)
    }
