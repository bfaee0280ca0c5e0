"""Slates side by side: titles, reasons, and what each shares with the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from recommenders.algorithms.reasons import led_by
from serving.engine import Ranked
from serving.trying import Trial, Tried

LETTERS = "ABCDEF"


@dataclass(frozen=True, kw_only=True)
class Place:
    """An item at its position. `others` are the letters of the other slates that show it."""

    position: int
    item: str
    title: str
    why: str
    others: str
    in_all: bool


@dataclass(frozen=True, kw_only=True)
class Column:
    """One recommender's slate. `shared` counts its items that the first slate shows too; None for
    the first, and where there is nothing to share. `slow` is whether a request would not have
    waited for it.
    """

    letter: str
    key: str
    version: str
    places: list[Place]
    shared: int | None
    fallback: str
    milliseconds: float
    slow: bool

    @property
    def hue(self) -> str:
        return self.letter.lower()


@dataclass(frozen=True, kw_only=True)
class Past:
    """An item of the history; the title is empty where the catalogue has none."""

    item: str
    title: str


def item_ids(trial: Trial) -> set[str]:
    """Every item whose title the page needs."""
    slots = [slot for one in trial.slates for slot in one.slate.ranked]
    led = {led_by(slot.why or "") for slot in slots} - {None}
    return {*trial.history, *(slot.item for slot in slots), *(item for item in led if item)}


def past(trial: Trial, titles: Mapping[str, str]) -> list[Past]:
    """The history, the latest first."""
    return [Past(item=item, title=titles.get(item, "")) for item in reversed(trial.history)]


def columns(trial: Trial, titles: Mapping[str, str], *, deadline_ms: float) -> list[Column]:
    """A column for each slate, in the order asked for."""
    shown = [{slot.item for slot in one.slate.ranked} for one in trial.slates]
    return [
        _column(n, one, shown, titles, slow=one.milliseconds > deadline_ms)
        for n, one in enumerate(trial.slates)
    ]


def _column(
    n: int, tried: Tried, shown: Sequence[set[str]], titles: Mapping[str, str], *, slow: bool
) -> Column:
    return Column(
        letter=LETTERS[n],
        key=tried.recommender.key,
        version=tried.recommender.version or "",
        places=[
            _place(position, slot, n, shown, titles)
            for position, slot in enumerate(tried.slate.ranked, start=1)
        ],
        shared=len(shown[n] & shown[0]) if n and shown[n] else None,
        fallback=fallback_words(tried.slate.fallback, tried.slate.served_by),
        milliseconds=tried.milliseconds,
        slow=slow,
    )


def _place(
    position: int, slot: Ranked, own: int, shown: Sequence[set[str]], titles: Mapping[str, str]
) -> Place:
    others = [n for n, items in enumerate(shown) if n != own and slot.item in items]
    return Place(
        position=position,
        item=slot.item,
        title=titles.get(slot.item, ""),
        why=_why(slot.why or "", titles),
        others=", ".join(LETTERS[n] for n in others),
        in_all=len(shown) > 2 and len(others) == len(shown) - 1,
    )


def _why(words: str, titles: Mapping[str, str]) -> str:
    item = led_by(words)
    return words if item is None else _("Because of %s") % titles.get(item, item)


def fallback_words(fallback: str | None, served_by: str) -> str:
    """Why the model gave no slate, and what stands here in its place; empty where it did."""
    if fallback is None:
        return ""
    why = {
        "no_model": _("It was never trained, so it has no model."),
        "model_loading": _("Its model is still being loaded. Try again in a moment."),
        "model_unavailable": _("Its model cannot be loaded; the server's log says why. Train it."),
        "model_timeout": _("Its model did not answer in time."),
        "remote_timeout": _("Its endpoint did not answer within its own deadline."),
        "remote_unreachable": _("There was no connection to its endpoint."),
        "remote_refused": _("Its endpoint refused; the server's log has what it said."),
        "remote_bad_answer": _("What its endpoint answered is no slates."),
        "model_error": _("Its model failed to answer; the server's log says why."),
        "no_candidates": _("Its model has nothing to say to somebody without a history it knows."),
    }.get(fallback, fallback)
    instead = (
        _("This is the slate that a worker made ahead.")
        if served_by == "worker"
        else _("These are the items that most people chose in its data.")
    )
    return f"{why} {instead}"
