"""Which rows of the log are looked for. Times are of UTC, as the log's days are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dashboard.log_rows import Cursor, Wanted
from events.records import STREAMS, Stream

LONGEST = 256
TIME = _("Give a date and a time, such as 2026-11-24T08:00, or a date.")
FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]


class UtcField(forms.DateTimeField):
    """A moment of UTC, wherever the reader is."""

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):
            return super().to_python(value)


class RowsForm(forms.Form):
    """Every field may be empty. `after` and `key` say where the page before ended."""

    use_required_attribute = False

    stream = forms.ChoiceField(
        required=False,
        label=_("Table"),
        choices=[("", _("both")), ("events", _("events")), ("exposures", _("exposures"))],
    )
    type = forms.CharField(
        required=False,
        max_length=LONGEST,
        label=_("Event type"),
        widget=forms.TextInput(attrs={"list": "types", "autocomplete": "off"}),
    )
    user = forms.CharField(required=False, max_length=LONGEST, label=_("User id"))
    item = forms.CharField(required=False, max_length=LONGEST, label=_("Item id"))
    request = forms.CharField(required=False, max_length=LONGEST, label=_("Request id"))
    since = UtcField(
        required=False,
        label=_("From, UTC"),
        input_formats=FORMATS,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": TIME},
    )
    until = UtcField(
        required=False,
        label=_("Before, UTC"),
        input_formats=FORMATS,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": TIME},
    )
    after = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    key = forms.CharField(required=False, max_length=LONGEST, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)

    def clean_after(self) -> datetime | None:
        """The time at which the page before ended, from the address."""
        given = self.cleaned_data["after"]
        try:
            at = datetime.fromisoformat(given) if given else None
        except ValueError:
            raise forms.ValidationError(_("The address of the page is damaged.")) from None
        return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)

    def clean(self) -> dict[str, Any]:
        found = self.cleaned_data
        if found.get("since") and found.get("until") and found["since"] >= found["until"]:
            self.add_error("until", _("Give a time after the one it begins from."))
        return found

    def wanted(self) -> Wanted:
        """What a valid form asks for."""
        given = self.cleaned_data
        streams: tuple[Stream, ...] = (given["stream"],) if given["stream"] else STREAMS
        if given["type"]:  # which no exposure has
            streams = tuple(stream for stream in streams if stream == "events")
        after = given["after"]
        return Wanted(
            streams=streams,
            **{name: given[name] for name in ("type", "user", "item", "request")},
            since=given["since"],
            until=given["until"],
            after=Cursor(at=after, key=given["key"]) if after else None,
        )
