"""What a change of arms or of traffic comes to, in words, before it is done. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dashboard import formats
from experiments.assignment import BUCKETS, ranges
from experiments.moves.arms import Rearrangement


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`title` says how many it concerns, `lines` what else follows. `removes` users, which is asked
    about before it is done.
    """

    title: str
    lines: tuple[str, ...]
    removes: bool = False


@dataclass(frozen=True, kw_only=True)
class Wanting:
    """What the plan still wants: of `planned` users of control and one treatment, in the pair that
    has fewest, `come` are there; that pair is `share` of the experiment's users.
    """

    planned: int
    come: int
    share: float


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


def traffic_outcome(
    before: int,
    after: int,
    *,
    default: str,
    a_day: float | None,
    ramps: bool,
    wanting: Wanting | None = None,
) -> Outcome:
    """Of so many of a layer's buckets in place of those `before`. `a_day` are the placement's new
    users; `default` is the recommender of whoever is in no experiment; `wanting` is None before the
    first analysis.
    """
    said = {
        "part": formats.share(abs(after - before) / before) if before else "",
        "layer": _share(abs(after - before)),
        "default": default,
    }
    if after == before:
        return Outcome(title=_("Nothing would change."), lines=())
    title, line = (
        (
            _("%(part)s of its users would leave: %(layer)s of the layer."),
            _("They get %(default)s from their next request on. No other user changes arm."),
        )
        if after < before
        else (
            _("It would take %(layer)s of the layer more."),
            _("They got %(default)s, or what else takes them, before. Nobody changes arm."),
        )
    )
    lines = (line % said, *_joining(before, after, a_day), *_left(before, after, a_day, wanting))
    if ramps:
        lines = (*lines, _("The ramp under way is given up."))
    return Outcome(title=title % said, lines=lines, removes=after < before)


def _joining(before: int, after: int, a_day: float | None) -> tuple[str, ...]:
    if a_day is None:
        return ()
    now, then = (formats.number(round(a_day * n / BUCKETS)) for n in (before, after))
    said = _("By the last count about %(then)s new users a day would join; it is %(now)s now.")
    return (said % {"now": now, "then": then},)


def _left(before: int, after: int, a_day: float | None, wanting: Wanting | None) -> tuple[str, ...]:
    """How long the planned users take from here, at either traffic."""
    if wanting is None:
        return ()
    said = {"planned": formats.number(wanting.planned), "come": formats.number(wanting.come)}
    lacking = wanting.planned - wanting.come
    if lacking <= 0:
        return (_("All %(planned)s planned users have come.") % said,)
    if not a_day:
        line = _(
            "%(come)s of %(planned)s planned users have come. The days left are told once a whole "
            "day of the placement was counted."
        )
        return (line % said,)
    now, then = (_days(lacking, a_day * wanting.share * n / BUCKETS) for n in (before, after))
    line = _(
        "%(come)s of %(planned)s planned users have come: about %(then)s left at this traffic; it "
        "is %(now)s now."
    )
    return (line % {**said, "now": now, "then": then},)


def _days(users: int, a_day: float) -> str:
    days = math.ceil(users / a_day)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": formats.number(days)}


def _share(buckets: int) -> str:
    return formats.share(buckets / BUCKETS)
