"""What a page says of the gate: how a version did against the one that was live. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from recommenders.gate import said
from recommenders.models import ModelVersion


@dataclass(frozen=True, kw_only=True)
class GateSaid:
    """`passed` is None where nothing was judged, and `lets` whether it may go live by it now."""

    title: str
    words: str
    passed: bool | None
    lets: bool


def gate_said(version: ModelVersion) -> GateSaid:
    verdict, live = version.verdict, version.recommender.live
    if verdict is None:
        words = _("No version was live when it was made, so there was nothing to compare it with.")
        return GateSaid(title=_("Not compared"), words=words, passed=None, lets=live is None)
    lets = live is None or verdict.lets(live.name)
    if verdict.reason:
        return GateSaid(title=_("Not judged"), words=said(verdict), passed=None, lets=lets)
    title = (
        _("Not worse than %(live)s") if verdict.passed else _("Not shown to be as good as %(live)s")
    )
    return GateSaid(
        title=title % {"live": verdict.against},
        words=said(verdict),
        passed=verdict.passed,
        lets=lets,
    )
