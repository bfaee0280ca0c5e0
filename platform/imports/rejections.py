"""Rejected rows, counted by what is wrong with them. Pure."""

from __future__ import annotations

from collections import Counter

from imports.rows import RejectedRow

MOST_REASONS = 50
MOST_EXAMPLES = 20
OTHER = "other reasons"


class Tally:
    """Takes rejected rows, as many as there are, in bounded memory: reasons beyond the first fifty
    are counted as one.
    """

    def __init__(self) -> None:
        self.count = 0
        self.examples: list[tuple[int, str, str]] = []
        self._reasons: Counter[tuple[str, str]] = Counter()

    def add(self, row: RejectedRow) -> None:
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append((row.line, row.field, row.error))
        reason = (row.field, row.error)
        if reason not in self._reasons and len(self._reasons) >= MOST_REASONS:
            reason = ("", OTHER)
        self._reasons[reason] += 1

    def reasons(self) -> list[tuple[str, str, int]]:
        """Field, error and rows, the most rows first."""
        return [(field, error, rows) for (field, error), rows in self._reasons.most_common()]
