"""A moment that somebody types: read in the zone in which the form was shown to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dashboard.zone import zone_named

ZONED = re.compile(r"(.*)\[([\w/+-]+)\]", re.ASCII)
zone_name = lazy(timezone.get_current_timezone_name, str)


class ZonedInput(forms.DateTimeInput):
    """What is typed, and beside it the zone in force when the form was made: the reader may
    have come from elsewhere since. Both together are `2026-12-01T08:00[Europe/Amsterdam]`.
    """

    def __init__(self) -> None:
        super().__init__(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def render(self, name: str, value: Any, *args: Any, **kwargs: Any) -> SafeString:
        text, zone = split(value) if isinstance(value, str) else (value, "")
        return format_html(
            '{}<input type="hidden" name="{}-zone" value="{}">',
            super().render(name, text, *args, **kwargs),
            name,
            zone or timezone.get_current_timezone_name(),
        )

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        text, zone = data.get(name), data.get(f"{name}-zone")
        return f"{text}[{zone}]" if text and zone else text


class When(forms.DateTimeField):
    widget = ZonedInput

    def to_python(self, value: Any) -> datetime | None:
        text, name = split(value) if isinstance(value, str) else (value, "")
        zone = zone_named(name) or timezone.get_current_timezone()
        with timezone.override(zone):
            return super().to_python(text)


def when(label: Any, help_text: Any) -> When:
    """A field that may be left empty; its hint begins with the zone."""
    return When(
        required=False,
        label=label,
        help_text=format_lazy("{zone}. {says}", zone=zone_name(), says=help_text),
        error_messages={"invalid": _("Give a day and a time, such as 2026-12-01 08:00.")},
    )


def split(text: str) -> tuple[str, str]:
    """What was typed, and the zone beside it; empty where there is none."""
    found = ZONED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")
