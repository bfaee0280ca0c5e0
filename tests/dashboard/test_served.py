"""What each arm served, and why a figure is missing."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from msgspec.structs import replace

from dashboard.formats import DASH
from dashboard.reading.arms import ArmView
from dashboard.reading.served import Served, served
from experiments.metrics.results import Described, Scorecard
from experiments.models import Experiment
from tests.dashboard.factories import scorecard, snapshot_of

ARMS = tuple(
    ArmView(letter="AB"[n], key=key, recommender=key, version=None, share=0.5, users=5000)
    for n, key in enumerate(("popular", "item-knn"))
)
FIGURES: dict[str, float | None] = {
    "different_items": 1240.0,
    "coverage": 0.314,
    "gini": 0.914,
    "diversity": 0.58,
    "novelty": 9.25,
}


def described(
    variant: str, figures: dict[str, float | None], reasons: dict[str, str] | None = None
) -> tuple[Described, ...]:
    return tuple(
        Described(
            name=name,
            variant=variant,
            slates=4210,
            value=value,
            reason=(reasons or {}).get(name),
        )
        for name, value in figures.items()
    )


def card(*figures: tuple[Described, ...]) -> Scorecard:
    return replace(scorecard(), described=tuple(one for arm in figures for one in arm))


def view(found: Scorecard) -> Served:
    shown = served(found, ARMS)
    assert shown is not None
    return shown


def figures_of(found: Served, row: int) -> tuple[str, ...]:
    return tuple(figure for _title, figure in found.rows[row].figures)


def test_a_log_that_does_not_name_items_has_no_card() -> None:
    assert served(scorecard(), ARMS) is None


def test_each_arm_has_its_five_figures_over_equally_many_slates() -> None:
    fewer = FIGURES | {"different_items": 87.0, "gini": 1.0}
    found = view(card(described("popular", fewer), described("item-knn", FIGURES)))

    assert found.slates == 4210
    assert [column.title for column in found.columns] == [
        "Different items",
        "Coverage",
        "Gini",
        "Diversity",
        "Novelty",
    ]
    assert [row.arm.letter for row in found.rows] == ["A", "B"]
    assert figures_of(found, 0) == ("87", "31.4%", "1.00", "0.58", "9.2 bits")
    assert figures_of(found, 1) == ("1,240", "31.4%", "0.91", "0.58", "9.2 bits")
    assert found.missing == ()


def test_what_is_missing_for_one_reason_is_said_once() -> None:
    bare = FIGURES | {"coverage": None, "diversity": None, "novelty": None}
    why = {
        "coverage": "no_catalogue",
        "diversity": "no_catalogue",
        "novelty": "no_pre_period",
    }
    found = view(card(described("popular", bare, why), described("item-knn", bare, why)))

    assert figures_of(found, 0) == ("1,240", DASH, "0.91", DASH, DASH)
    assert found.missing == (
        "No coverage or diversity: no items were imported as a catalogue.",
        "No novelty: the log holds no events from before the start.",
    )


def test_what_one_arm_lacks_names_the_arm() -> None:
    bare = FIGURES | {"diversity": None}
    why = {"diversity": "no_pairs_with_categories"}
    found = view(card(described("popular", bare, why), described("item-knn", FIGURES)))

    assert found.missing == ("No diversity of popular: no slate holds two items with categories.",)


def test_without_slates_every_figure_is_missing_for_that() -> None:
    none: dict[str, float | None] = dict.fromkeys(FIGURES)
    why = dict.fromkeys(FIGURES, "no_slates")
    found = view(card(described("popular", none, why), described("item-knn", none, why)))

    assert found.missing == (
        "No different items, coverage, gini, diversity or novelty: some arm has no slate yet.",
    )


def test_the_page_says_that_it_is_no_test(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment, card(described("popular", FIGURES), described("item-knn", FIGURES)))

    page = browser.get(experiment.get_absolute_url()).content.decode()

    assert "What was served is described over 4,210 slates of each arm, without a test." in page
    assert '<td class="figures" data-label="Novelty">9.2 bits</td>' in page
