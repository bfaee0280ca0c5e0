"""The page of one metric of an experiment, and the cards about the models below the scorecard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from msgspec.structs import replace
from pytest_django import DjangoAssertNumQueries

from dashboard import figures
from dashboard.formats import DASH, MINUS
from dashboard.reading.absent import no_adjustments, no_pre_period
from dashboard.reading.adjustments import Adjustments, adjustments
from dashboard.reading.recommended import clicked, online_lifts
from dashboard.reading.spreads import bins, no_spread, spread_view
from experiments.metrics.results import (
    ArmSpread,
    Breakdown,
    CategoryRate,
    ComparisonResult,
    MetricResult,
    PositionRate,
    Scorecard,
    Spread,
    Uncapped,
    VariantComparison,
)
from experiments.models import Experiment
from tests.dashboard.factories import (
    BELOW_FLOOR,
    comparison,
    metric,
    scorecard,
    snapshot_of,
)
from tests.dashboard.plotted import plotted
from tests.dashboard.test_experiment_pages import text
from tests.dashboard.test_reading import ARMS

Make = Callable[..., Experiment]
TWO = ARMS[:2]


def spread(*, step: float = 1.0, whole: bool = True, is_open: bool = True) -> Spread:
    def arm(variant: str, counts: tuple[int, ...]) -> ArmSpread:
        return ArmSpread(
            variant=variant,
            users=sum(counts),
            zeros=counts[0],
            largest=40.0,
            quantiles=(0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 40.0),
            counts=counts,
        )

    arms = (arm("popular", (50, 30, 20)), arm("item-knn", (25, 50, 25)))
    return Spread(low=0.0, step=step, open=is_open, whole=whole, arms=arms)


def clicks(**changes: object) -> MetricResult:
    made = metric("clicks_per_user", name="Clicks per user", style="number", primary=False)
    return replace(made, **{"spread": spread(), **changes})


def with_cuped(of: VariantComparison, *, narrower: float) -> VariantComparison:
    """The same with the results adjusted, their standard errors as many times as large."""
    adjusted = tuple(
        replace(r, cuped=True, std_error=(r.std_error or 0.0) * narrower) for r in of.results
    )
    return replace(of, results=(*of.results, *adjusted))


# -- how users are spread ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "style", "said"),
    [
        (spread(), "number", ("0", "1", "2 or more")),
        (spread(is_open=False), "number", ("0", "1", "2")),
        (spread(step=5.0), "number", ("0 to 4", "5 to 9", "10 or more")),
        (spread(step=0.5, whole=False), "number", ("0.00 to 0.50", "0.50 to 1.00", "1.00 or more")),
        (
            spread(step=0.02, whole=False),
            "percent",
            ("0.00 to 2.00%", "2.00 to 4.00%", "4.00% or more"),
        ),
        (
            spread(step=10.0),
            "EUR",
            ("0.00 to 10.00 EUR", "10.00 to 20.00 EUR", "20.00 EUR or more"),
        ),
    ],
)
def test_bins_are_named_by_what_falls_into_them(
    found: Spread, style: str, said: tuple[str, ...]
) -> None:
    assert bins(found, style) == said


def test_each_arm_is_drawn_by_shares_of_its_own_users() -> None:
    figure = plotted(figures.spread(spread(), ("0", "1", "2 or more"), TWO))

    a, b = figure.data
    assert list(a.x) == [0.0, 1.0, 2.0, 3.0]
    assert list(a.y) == [0.5, 0.3, 0.2, 0.2]
    assert list(b.y) == [0.25, 0.5, 0.25, 0.25]
    assert (b.line.shape, b.line.color) == ("hv", "var(--arm-b)")
    assert b.text[1] == "50.0%, 1"


def test_with_most_users_at_zero_the_chart_is_of_the_others() -> None:
    few, many = spread().arms
    most = replace(spread(), arms=(replace(few, counts=(80, 15, 5), zeros=80), many))

    found = spread_view(clicks(spread=most), TWO)

    assert found is not None
    assert found.chart.line == "Share of the users above 0 by their total"
    assert found.chart.figure is not None
    assert list(found.chart.figure["data"][0]["y"]) == [0.0, 0.75, 0.25, 0.25]
    assert found.chart.numbers is not None
    assert found.chart.numbers.rows[0].cells == ("80", "25")


def test_quantiles_and_numbers_stand_beside_the_chart() -> None:
    found = spread_view(clicks(), TWO)

    assert found is not None
    assert (found.rows[0].users, found.rows[0].zeros) == ("100", "50.0%")
    assert found.rows[0].figures == (
        ("25%", "0"),
        ("50%", "1"),
        ("75%", "2"),
        ("90%", "2"),
        ("99%", "40"),
        ("Largest", "40"),
    )
    assert found.chart.numbers is not None
    assert [(row.title, row.cells) for row in found.chart.numbers.rows] == [
        ("0", ("50", "25")),
        ("1", ("30", "50")),
        ("2 or more", ("20", "25")),
    ]


def test_where_there_is_no_spread_it_is_said_why() -> None:
    assert spread_view(clicks(spread=None), TWO) is None
    assert no_spread(clicks()) == "It comes with the next analysis that has users."
    yes_or_no = replace(clicks(), kind="proportion")
    assert no_spread(yes_or_no).startswith("A user either did or did not")


# -- what the adjustments did --------------------------------------------------------------------


def adjusted(of: MetricResult, card: Scorecard | None = None) -> Adjustments:
    found = adjustments(card or scorecard(), of, TWO, scale="relative")
    assert found is not None
    return found


def test_cuped_is_told_by_how_much_it_narrows() -> None:
    of = metric("ctr", with_cuped(comparison(), narrower=0.8))

    [one] = adjusted(of).arms

    assert [(row.says, row.lift) for row in one.rows] == [
        ("As decided", "+8.9%"),
        (f"With CUPED, variance {MINUS}36.0%", "+8.9%"),
    ]
    assert one.rows[0].bar is not None
    assert [row.bar.tone for row in one.rows if row.bar] == ["better", "flat"]


def test_where_cuped_decides_the_other_line_is_without() -> None:
    of = with_cuped(comparison(), narrower=0.5)
    decides = tuple(r for r in of.results if r.method == "sequential" and r.cuped)
    card = replace(scorecard(), cuped=True)

    [one] = adjusted(metric("ctr", replace(of, deciding=decides)), card).arms

    assert [row.says for row in one.rows] == [
        "As decided, with CUPED",
        f"Without CUPED, which changes the variance by {MINUS}75.0%",
    ]


def test_a_correction_is_told_beside_what_there_is_without() -> None:
    wide = tuple(replace(r, low=0.01, high=0.18) for r in comparison().deciding)
    corrected = replace(with_cuped(comparison(), narrower=0.8), deciding=wide, confidence=0.975)

    [one] = adjusted(metric("ctr", corrected)).arms

    assert [(row.says, row.interval) for row in one.rows] == [
        ("As decided", "+1.0 to +18.0%"),
        ("Without the correction for several comparisons", "+4.4 to +13.7%"),
        (f"With CUPED, variance {MINUS}36.0%", "+4.4 to +13.7%"),
    ]


def test_a_cap_is_told_beside_what_there_is_without() -> None:
    whole: tuple[ComparisonResult, ...] = comparison(effect=0.02, low=-0.3, high=0.4).results
    of = clicks(caps=(22.0,), uncapped=(Uncapped(variant="item-knn", results=whole),))

    [one] = adjusted(of).arms

    assert [(row.says, row.lift, row.interval) for row in one.rows] == [
        ("As decided, capped at 22 a user", "+8.9%", "+4.4 to +13.7%"),
        ("Without the cap", "+2.0%", f"{MINUS}30.0 to +40.0%"),
    ]


def test_nothing_adjusted_or_below_the_floor_has_nothing_to_show() -> None:
    early = with_cuped(comparison(floor=BELOW_FLOOR), narrower=0.8)

    assert adjustments(scorecard(), metric(), TWO, scale="relative") is None
    assert adjustments(scorecard(), metric("ctr", early), TWO, scale="relative") is None


def test_what_is_not_adjusted_says_what_to_set() -> None:
    none, counted = scorecard(), replace(scorecard(), lookback_days=14)
    early = metric("ctr", comparison(floor=BELOW_FLOOR))

    assert no_adjustments(none, metric()) == (
        "Nothing is cut off: the definition of CTR sets no cap."
    )
    assert "Give Days before, in the step Measurement" in no_pre_period(none)
    assert no_pre_period(counted) == ""
    assert no_adjustments(counted, early) == ("No variant has enough users yet to be compared.")


# -- where and on what they were clicked ---------------------------------------------------------


def broken_down(share: float = 1.0) -> Scorecard:
    def place(variant: str, position: int, n: int, hits: int) -> PositionRate:
        return PositionRate(variant=variant, position=position, impressions=n, clicks=hits)

    def kind(variant: str, category: str | None, n: int, hits: int) -> CategoryRate:
        return CategoryRate(variant=variant, category=category, impressions=n, clicks=hits)

    return replace(
        scorecard(),
        breakdown=Breakdown(
            phase=1,
            positions=(
                place("popular", 1, 200, 20),
                place("popular", 2, 100, 5),
                place("item-knn", 1, 200, 30),
                place("item-knn", 2, 0, 0),
            ),
            categories=(
                kind("popular", "film", 150, 15),
                kind("item-knn", "film", 100, 20),
                kind("popular", None, 50, 1),
                kind("item-knn", None, 0, 0),
            ),
            slates_share=share,
        ),
    )


def test_ctr_by_position_has_a_line_per_arm_where_it_served() -> None:
    found = clicked(broken_down(), TWO)

    assert found is not None
    assert found.positions.figure is not None
    a, b = found.positions.figure["data"]
    assert (list(a["x"]), list(a["y"])) == ([1, 2], [0.1, 0.05])
    assert (list(b["x"]), list(b["y"])) == ([1], [0.15])
    assert b["text"] == ["15.00% (30 of 200)"]
    assert found.positions.numbers is not None
    assert [row.cells for row in found.positions.numbers.rows] == [
        ("10.00% (20 / 200)", "15.00% (30 / 200)"),
        ("5.00% (5 / 100)", DASH),
    ]


def test_ctr_by_category_stands_beside_what_the_arm_served() -> None:
    found = clicked(broken_down(), TWO)

    assert found is not None
    assert [(row.name, [cell[1:] for cell in row.cells]) for row in found.categories] == [
        ("film", [("10.00%", "75%"), ("20.00%", "100%")]),
        ("All rarer ones", [("2.00%", "25%"), (DASH, DASH)]),
    ]
    assert found.note == "An item counts in each of its categories."


def test_categories_beyond_the_fifth_are_folded() -> None:
    names = [f"kind {n}" for n in range(7)]
    rates = tuple(
        CategoryRate(variant="popular", category=name, impressions=9, clicks=3) for name in names
    )
    card = broken_down()
    assert card.breakdown is not None
    found = clicked(replace(card, breakdown=replace(card.breakdown, categories=rates)), TWO)

    assert found is not None
    assert [row.name for row in found.unfolded] == names[:5]
    assert [row.name for row in found.folded] == names[5:]


def test_a_sample_of_the_slates_says_so() -> None:
    found = clicked(broken_down(share=0.12), TWO)

    assert found is not None
    assert found.note.startswith("Counted over 12% of the slates, drawn by chance.")


def test_without_a_click_there_is_no_line_yet() -> None:
    rates = (PositionRate(variant="popular", position=1, impressions=10, clicks=0),)

    assert figures.ctr_by_position(rates, TWO) is None


def test_the_lift_online_stands_beside_the_model() -> None:
    assert online_lifts(metric(), TWO) == {"popular": "control", "item-knn": "+8.9%"}
    early = metric("ctr", comparison(floor=BELOW_FLOOR))
    assert online_lifts(early, TWO)["item-knn"] == DASH


# -- pages ---------------------------------------------------------------------------------------


def drill_of(experiment: Experiment, key: str = "ctr") -> str:
    return f"{experiment.get_absolute_url()}metrics/{key}/"


def test_the_page_of_a_metric_tells_all_of_it(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    snapshot_of(experiment, scorecard(extra=(clicks(),)))

    page = text(browser, drill_of(experiment, "clicks_per_user"))

    assert "The number of clicks per user, from first exposure on. More is better." in page
    assert "item-knn 5,000 0.06 0.06 to 0.06 +8.9% +4.4 to +13.7%" in page
    assert "How users are spread Share of users by their total" in page
    assert "100 users, 50.0% with 0" in page
    assert "What the adjustments did" in page


def test_the_scorecard_leads_to_the_page_of_each_metric(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    page = browser.get(experiment.get_absolute_url()).content.decode()

    assert f'<a href="{drill_of(experiment)}">CTR</a>' in page


def test_the_cards_below_the_scorecard_are_on_the_page(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment, replace(broken_down(), experiment=experiment.key))

    page = text(browser, experiment.get_absolute_url())

    assert "CTR by position" in page
    assert "film 10.00% 75% 20.00% 100%" in page


@pytest.mark.parametrize("address", ["", "metrics/ctr/", "?chart=lift&by=period"])
def test_a_snapshot_from_before_opens(browser: Client, make_experiment: Make, address: str) -> None:
    experiment = make_experiment()
    snapshot = snapshot_of(experiment)
    for new in ("breakdown", "phase_series"):
        del snapshot.scorecard[new]
    for held in snapshot.scorecard["metrics"]:
        del held["spread"], held["uncapped"]
    for held in snapshot.scorecard["series"]["ctr"]:
        del held["period"]
    snapshot.save()

    page = text(browser, f"{experiment.get_absolute_url()}{address}")

    assert "CTR over time" in page
    assert "CTR by position" not in page


def test_before_the_first_analysis_the_page_says_when_it_comes(
    browser: Client, make_experiment: Make
) -> None:
    assert "Nothing was analysed yet." in text(browser, drill_of(make_experiment()))


@pytest.mark.parametrize("key", ["luck", "retention_day_7"])
def test_what_is_not_measured_has_no_page(browser: Client, make_experiment: Make, key: str) -> None:
    experiment = make_experiment()

    assert browser.get(drill_of(experiment, key)).status_code == 404
    snapshot_of(experiment)
    assert browser.get(drill_of(experiment, key)).status_code == 404


@pytest.mark.parametrize("arms", [2, 4])
def test_queries_of_the_page_do_not_grow_with_arms(
    browser: Client,
    make_experiment: Make,
    django_assert_num_queries: DjangoAssertNumQueries,
    arms: int,
) -> None:
    experiment = make_experiment(arms=arms)
    others = [comparison(key) for key in ("item-knn", "conv-ctr", "ease")[: arms - 1]]
    snapshot_of(experiment, scorecard(*others))

    with django_assert_num_queries(16):
        browser.get(drill_of(experiment))
