"""A list of options that tell scripts more than their label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms


class TellingSelect(forms.Select):
    """Options carry data attributes: `telling` maps a value to them, without the `data-`."""

    telling: Mapping[str, Mapping[str, str]] = {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        for key, said in self.telling.get(str(value), {}).items():
            option["attrs"][f"data-{key}"] = said
        return option


class TellingField(forms.ChoiceField):
    """A choice whose options are set together with what they tell."""

    widget = TellingSelect

    def offer(self, choices: list[Any], telling: Mapping[str, Mapping[str, str]]) -> None:
        self.choices = choices
        if isinstance(self.widget, TellingSelect):
            self.widget.telling = telling
