"""Which languages pages are offered in: English, and those that a catalogue was compiled for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.conf.locale import LANG_INFO

SOURCE = ("en", "English")


def found(folders: Iterable[Path]) -> list[tuple[str, str]]:
    """A language that Django knows and Winnow does not is none: its pages would mix both."""
    catalogues = {
        path.parent.parent.name.lower().replace("_", "-")
        for folder in folders
        for path in folder.glob("*/LC_MESSAGES/django.mo")
    }
    others = sorted(catalogues - {SOURCE[0]})
    return [SOURCE, *((code, _name(code)) for code in others)]


def _name(code: str) -> str:
    info = LANG_INFO.get(code, {})
    return str(info.get("name_local", code))
