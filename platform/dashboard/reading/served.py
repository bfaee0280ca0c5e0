"""What each variant served: figures that describe its slates, without a test. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dashboard import formats
from dashboard.reading import words
from dashboard.reading.arms import ArmView
from experiments.metrics.results import Described, Scorecard


@dataclass(frozen=True, kw_only=True)
class Column:
    """One figure: its title, the word of the glossary that explains it, and how it is written."""

    title: str | Promise
    term: str
    write: Callable[[float], str]


COLUMNS = {
    "different_items": Column(
        title=_("Different items"),
        term="different-items",
        write=formats.number,
    ),
    "coverage": Column(
        title=_("Coverage"),
        term="coverage",
        write=lambda figure: formats.percent(figure, 1),
    ),
    "gini": Column(
        title=_("Gini"),
        term="gini",
        write=lambda figure: formats.number(figure, 2),
    ),
    "diversity": Column(
        title=_("Diversity"),
        term="diversity",
        write=lambda figure: formats.number(figure, 2),
    ),
    "novelty": Column(
        title=_("Novelty"),
        term="novelty",
        write=lambda figure: _now("%(figure)s bits") % {"figure": formats.number(figure, 1)},
    ),
}
REASONS = {
    "no_slates": _("some arm has no slate yet"),
    "taken_out": _("no users come any more"),
    "no_catalogue": _("no items were imported as a catalogue"),
    "no_pre_period": _("the log holds no events from before the start"),
    "no_pairs_with_categories": _("no slate holds two items with categories"),
}


@dataclass(frozen=True, kw_only=True)
class ServedRow:
    """An arm's figures with their titles, in the order of the columns."""

    arm: ArmView
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Served:
    """`slates` of each arm that takes users are described; `missing` says in sentences why there is
    no figure.
    """

    slates: int
    columns: tuple[Column, ...]
    rows: tuple[ServedRow, ...]
    missing: tuple[str, ...]


def served(scorecard: Scorecard, arms: Sequence[ArmView]) -> Served | None:
    """The card; None where the log does not say what was served."""
    held = {(d.variant, d.name): d for d in scorecard.described}
    if not held:
        return None
    return Served(
        slates=max(described.slates for described in scorecard.described),
        columns=tuple(COLUMNS.values()),
        rows=tuple(
            ServedRow(
                arm=arm,
                figures=tuple(
                    (str(column.title), _figure(held.get((arm.key, name)), column))
                    for name, column in COLUMNS.items()
                ),
            )
            for arm in arms
        ),
        missing=_missing(scorecard),
    )


def _figure(found: Described | None, column: Column) -> str:
    if found is None or found.value is None:
        return formats.DASH
    return column.write(found.value)


def _missing(scorecard: Scorecard) -> tuple[str, ...]:
    """A sentence per reason, naming the variants where others have the figure."""
    lacking: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for name, column in COLUMNS.items():
        for reason, variants in _reasons(scorecard, name).items():
            lacking.setdefault((reason, tuple(variants)), []).append(str(column.title).lower())
    return tuple(
        _lacks(titles, variants, scorecard, str(REASONS.get(reason, reason)))
        for (reason, variants), titles in lacking.items()
    )


def _reasons(scorecard: Scorecard, name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for described in scorecard.described:
        if described.name == name and described.reason is not None:
            found.setdefault(described.reason, []).append(described.variant)
    return found


def _lacks(
    titles: Sequence[str], variants: Sequence[str], scorecard: Scorecard, reason: str
) -> str:
    said = _now("No %(figures)s of %(variants)s: %(reason)s.")
    if len(variants) == len(scorecard.arms):
        said = _now("No %(figures)s: %(reason)s.")
    return said % {
        "figures": words.either(titles),
        "variants": words.listed(variants),
        "reason": reason,
    }
