"""How often a running experiment is analysed. Pure."""

from __future__ import annotations

from datetime import timedelta

BEAT = timedelta(seconds=20)
"""How often the clock asks what is due."""

LONGEST = timedelta(minutes=10)


def pause(period_seconds: int) -> timedelta:
    """The time between two analyses: a third of the scorecard's period, within bounds.

    A young experiment is looked at every few seconds and an old one every ten minutes, so that
    the number of snapshots grows slowly. Looking often costs nothing: the intervals that decide
    are always valid.
    """
    return min(max(timedelta(seconds=period_seconds) / 3, BEAT), LONGEST)
