"""What a change of arms comes to, in words, before it is done. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from dashboard import formats
from experiments.assignment import BUCKETS, ranges
from experiments.moves.arms import Rearrangement


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`title` says how many change their arm, `lines` what else follows."""

    title: str
    lines: tuple[str, ...]


def outcome(change: Rearrangement, *, phase: int, anew: bool) -> Outcome:
    """Of the change that would follow that phase."""
    share = formats.share(change.moved)
    title = (
        _("About %(share)s of its users would get another arm.") % {"share": share}
        if anew
        else _("%(share)s of its users would change their arm.") % {"share": share}
        if change.moved
        else _("Nobody would change arm.")
    )
    opens = _(
        "It opens phase %(phase)d. Whoever was exposed before stays with the phase and the arm "
        "of first exposure; the phases are compared each within itself, then combined."
    ) % {"phase": phase + 1}
    held = {key: ranges.size(pairs) for key, pairs in change.ranges.items() if pairs}
    sizes = ", ".join(f"{k} {_share(n)}" for k, n in held.items() if k not in change.killed)
    lost = sum(n for key, n in held.items() if key in change.killed)
    ranges_said = (
        _("New ranges: %(sizes)s; %(lost)s left with arms that were killed.")
        if lost
        else _("New ranges: %(sizes)s.")
    ) % {"sizes": sizes, "lost": _share(lost)}
    drawn = (_("People who saw one arm may now see another: expect some to ask."),) if anew else ()
    return Outcome(title=title, lines=(ranges_said, opens, *drawn))


def _share(buckets: int) -> str:
    return formats.share(buckets / BUCKETS)
