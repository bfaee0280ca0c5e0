"""What Django's checks say of the algorithms that are installed."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from recommenders import algorithms


@register()
def third_parties(**kwargs: Any) -> list[CheckMessage]:
    """One warning for each algorithm of a third party that cannot be used."""
    return [
        Warning(f"The algorithm “{name}” cannot be used.", hint=f"{why}.", id="recommenders.W001")
        for name, why in algorithms.broken().items()
    ]
