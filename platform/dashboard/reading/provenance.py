"""What a page says of where a version's data came from. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from recommenders.provenance import ExperimentShare, Provenance

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RULES: dict[str, StrOrPromise] = {
    "duplicate": lazy("Said twice: the same user, item, type and time"),
    "absurd_rate": lazy("Of a day on which its user did too much for a person"),
    "unknown_item": lazy("Of an item that the catalogue does not know"),
    "no_value": lazy("A rating without its value"),
    "value_out_of_range": lazy("A value out of range: negative, infinite, or beyond the bounds"),
    "time_out_of_range": lazy("Of a time more than a day ahead"),
}


@dataclass(frozen=True, kw_only=True)
class CleaningRow:
    """A rule, how many rows it left out, and which share of all that came in."""

    words: str
    rows: int
    share: float


def cleaning_rows(provenance: Provenance) -> list[CleaningRow]:
    """One for each rule, also where it left out nothing: that it looked is worth knowing."""
    cleaned = provenance.cleaned
    if cleaned is None:
        return []
    return [
        CleaningRow(words=str(RULES.get(rule, rule)), rows=rows, share=rows / max(cleaned.rows, 1))
        for rule, rows in cleaned.dropped.items()
    ]


@dataclass(frozen=True, kw_only=True)
class ShareRow:
    """What an experiment under way let the version learn, in words, and whether to be warned."""

    share: ExperimentShare
    words: str
    warns: bool


def share_rows(provenance: Provenance) -> list[ShareRow]:
    return [
        ShareRow(share=share, words=_said(share), warns=share.policy == "shared")
        for share in provenance.experiments
    ]


def _said(share: ExperimentShare) -> str:
    if share.policy == "shared":
        return _(
            "Its arms learned from each other's behaviour, which can show the opposite of the "
            "truth: nothing is decided automatically."
        )
    return _(
        "Own arm: behaviour from before anybody was exposed, of users outside the experiment, and "
        "of the arm itself up to %(cap)s rows, the volume of the smallest arm. Left out: "
        "%(others)s rows of other arms and %(over)s of its own."
    ) % {
        "cap": f"{share.cap or 0:,}",
        "others": f"{share.of_others:,}",
        "over": f"{share.over_cap:,}",
    }
