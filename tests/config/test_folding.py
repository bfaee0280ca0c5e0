"""LIKE on SQLite: as the standard has it, whatever the case of whatever letter."""

from __future__ import annotations

import pytest
from django.db import connection

from config.folding import like
from recommenders.models import Item


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("%é%", "ÉLAN", True),
        ("ÉLAN", "élan", True),
        ("élan", "elan", False),
        ("straße", "STRASSE", True),
        ("_lan", "élan", True),
        ("_lan", "lan", False),
        ("100\\%%", "100% more", True),
        ("100\\%%", "1000", False),
        ("a\\_b", "A_B", True),
        ("a\\_b", "axb", False),
        ("%.%", "no full stop", False),
        ("%b%", "a\nb", True),
        ("a%", "ba", False),
        (None, "a", None),
        ("a", None, None),
    ],
)
def test_like(pattern: str | None, text: str | None, matches: bool | None) -> None:
    assert like(pattern, text, "\\") is matches


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL goes by its locale")
def test_a_search_on_sqlite_folds_all_letters() -> None:
    for key, title in (("café", "Élan"), ("tea", "100% Ωμέγα")):
        Item.objects.create(key=key, title=title)

    def found(**asked: str) -> list[str]:
        return list(Item.objects.filter(**asked).values_list("key", flat=True))

    assert found(key__icontains="FÉ") == ["café"]
    assert found(title__iexact="éLAN") == ["café"]
    assert found(title__icontains="ωμέγ") == ["tea"]
    assert found(title__icontains="0% ω") == ["tea"]
    assert found(title__icontains="%Ω") == []
