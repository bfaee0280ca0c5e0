"""What a page says of a search of settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.reading.trainings import why
from recommenders.models import Search, Trial

SHOWN = 5  # searches on the page, the newest first


@dataclass(frozen=True, kw_only=True)
class SearchRow:
    """A search with its best trial so far and that one's settings, and how many are over, given up
    and failed.

    outcome: its own settings and the best on what was held out, None before the end. `clear` is
    whether their difference is significant.
    """

    search: Search
    best: Trial | None
    settings: list[tuple[str, str]]
    over: int
    pruned: int
    failed: int
    outcome: dict[str, Any] | None
    clear: bool
    why: str


def search_row(search: Search, trials: Sequence[Trial]) -> SearchRow:
    complete = [one for one in trials if one.value is not None]
    best = max(complete, key=lambda one: (one.value or 0.0, -one.number), default=None)
    apart = (search.outcome or {}).get("difference", {})
    p_value = apart.get("p_value")
    return SearchRow(
        search=search,
        best=best,
        settings=[] if best is None else [(n, _shown(v)) for n, v in best.settings.items()],
        over=len(trials),
        pruned=sum(one.state == "pruned" for one in trials),
        failed=sum(one.state == "failed" for one in trials),
        outcome=search.outcome,
        clear=p_value is not None and p_value <= 0.05,
        why=why(search.error) if search.status == Search.Status.FAILED else "",
    )


def _shown(value: object) -> str:
    """A number to four figures, never in powers of ten."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def seen(rows: Sequence[SearchRow]) -> str:
    """Changes whenever anything that is shown of them does."""
    state = ((row.search.pk, row.search.status, row.over, row.search.message) for row in rows)
    return "/".join(str(part) for one in state for part in one)
