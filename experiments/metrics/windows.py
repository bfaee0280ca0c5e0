"""A window after first exposure, as expressions over rows that have first_at and until.

Times are whole microseconds since 1970.
"""

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, Table

from experiments.metrics.engine import SECOND
from experiments.metrics.measures import Window


def inside(facts: Table, window: Window | None) -> BooleanValue:
    """Whether a fact belongs to the user's time in the experiment, and to the window."""
    if window is None:
        return facts.post
    late = facts.at >= facts.first_at + window.begins * SECOND
    return facts.post & late & (facts.at < passed_at(facts, window)) & is_mature(facts, window)


def is_mature(rows: Table, window: Window | None) -> BooleanValue:
    """Whether the user's window has passed, within the phase and by as_of."""
    return ibis.literal(True) if window is None else passed_at(rows, window) <= rows.until


def passed_at(rows: Table, window: Window) -> IntegerValue:
    """When the user's window has passed."""
    return rows.first_at + window.ends * SECOND
