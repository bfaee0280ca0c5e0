"""A window after first exposure, as expressions over rows that have first_at and until."""

import ibis
from ibis.expr.types import BooleanValue, Table, TimestampValue

from experiments.metrics.measures import Window


def inside(facts: Table, window: Window | None) -> BooleanValue:
    """Whether a fact belongs to the user's time in the experiment, and to the window."""
    if window is None:
        return facts.post
    begins, ends = (ibis.interval(seconds=s) for s in (window.begins, window.ends))
    late = facts.at >= facts.first_at + begins
    return facts.post & late & (facts.at < facts.first_at + ends) & is_mature(facts, window)


def is_mature(rows: Table, window: Window | None) -> BooleanValue:
    """Whether the user's window has passed, within the phase and by as_of."""
    return ibis.literal(True) if window is None else passed_at(rows, window) <= rows.until


def passed_at(rows: Table, window: Window) -> TimestampValue:
    """When the user's window has passed."""
    return rows.first_at + ibis.interval(seconds=window.ends)
