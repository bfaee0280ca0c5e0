"""Segments of the primary goal: one test in a sentence, and a row per value and treatment."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest
from django.test import Client
from msgspec.structs import replace

from dashboard.formats import DASH, MINUS
from dashboard.reading.arms import ArmView
from dashboard.reading.comparison_row import Progress
from dashboard.reading.segments import Segments, segments
from experiments.metrics.results import (
    ArmValue,
    ComparisonResult,
    Floor,
    HeterogeneityResult,
    Scale,
    Scorecard,
    SegmentComparison,
    SegmentResult,
    decode,
    encode,
)
from experiments.models import Experiment
from tests.dashboard.factories import (
    BELOW_FLOOR,
    PAST_FLOOR,
    arm_value,
    comparison,
    ratio_check,
    scorecard,
    snapshot_of,
)

ARMS = tuple(
    ArmView(letter="ABC"[n], key=key, recommender=key, version=None, share=0.5, users=5000)
    for n, key in enumerate(("popular", "item-knn", "conv-ctr"))
)


def compared(
    variant: str = "item-knn", effect: float = 0.1, *, reason: str | None = None
) -> SegmentComparison:
    """A lift ±8 points always-valid, ±5 for one look; a tenth of it is the absolute effect."""

    def result(method: str, scale: Scale, *, cuped: bool) -> ComparisonResult:
        by = 0.1 if scale == "absolute" else 1.0
        reach = (0.08 if method == "sequential" else 0.05) * (0.5 if cuped else 1.0)
        return ComparisonResult(
            method="sequential" if method == "sequential" else "fixed",
            scale=scale,
            effect=effect * by,
            low=(effect - reach) * by,
            high=(effect + reach) * by,
            p_value=0.01,
            std_error=0.01,
            df=None,
            reason=reason,
            cuped=cuped,
        )

    return SegmentComparison(
        variant=variant,
        results=tuple(
            result(method, scale, cuped=cuped)
            for cuped in (False, True)
            for method in ("sequential", "fixed")
            for scale in get_args(Scale)
        ),
    )


def users(variant: str, count: int) -> ArmValue:
    return replace(arm_value(variant, 0.05), users=count)


def segment(
    value: str | None,
    *comparisons: SegmentComparison,
    attribute: str = "country",
    rest: bool = False,
    floor: Floor | None = PAST_FLOOR,
) -> SegmentResult:
    found = tuple(replace(c, floor=floor) for c in comparisons or (compared(),))
    return SegmentResult(
        attribute=attribute,
        value=value,
        rest=rest,
        values=(users("popular", 1200), *(users(c.variant, 1100) for c in found)),
        comparisons=found,
    )


def differs(
    p: float | None, *, attribute: str = "country", variant: str = "item-knn", count: int = 2
) -> HeterogeneityResult:
    return HeterogeneityResult(
        attribute=attribute,
        variant=variant,
        p_value=p,
        segments=count,
        reason=None if p is not None else "too_few_segments",
    )


TWO = (segment("fr"), segment("de", compared(effect=-0.02)))


def cut(
    *held: SegmentResult,
    tests: tuple[HeterogeneityResult, ...] = (differs(0.031),),
    card: Scorecard | None = None,
) -> Scorecard:
    """A scorecard whose primary goal is cut into those segments."""
    whole = card or scorecard()
    goal = replace(whole.metrics[0], segments=held, heterogeneity=tests)
    return replace(whole, metrics=(goal, *whole.metrics[1:]))


def view(card: Scorecard, *, scale: Scale = "relative") -> Segments:
    found = segments(card, card.metric(card.primary), ARMS, scale=scale)
    assert found is not None
    return found


def test_an_experiment_without_segments_has_no_card() -> None:
    card = scorecard()

    assert segments(card, card.metric("ctr"), ARMS, scale="relative") is None


def test_a_row_says_users_lift_and_the_interval_that_decides_elsewhere() -> None:
    [country] = view(cut(*TWO)).attributes
    french, german = country.segments

    assert (french.name, french.control, french.users) == ("fr", "5.00%", "1,200 users")
    [row] = french.rows
    assert (row.arm.key, row.users, row.lift) == ("item-knn", "1,100 users", "+10.0%")
    assert row.interval == "+2.0 to +18.0%"
    assert german.rows[0].interval == f"{MINUS}10.0 to +6.0%"


def test_all_rows_share_one_scale_and_none_is_coloured() -> None:
    [country] = view(cut(*TWO)).attributes
    first, second = (found.rows[0] for found in country.segments)

    assert first.bar is not None
    assert second.bar is not None
    assert first.scale == second.scale
    assert (first.bar.tone, second.bar.tone) == ("flat", "flat")
    assert first.scale.at(0.05) == first.bar.core_low
    assert first.scale.at(0.02) == first.bar.low


def test_the_absolute_scale_has_its_zero_in_the_middle() -> None:
    found = view(cut(*TWO), scale="absolute")

    assert found.attributes[0].segments[0].rows[0].interval == "+0.20 to +1.80 pp"
    assert [tick.text for tick in found.ticks] == [f"{MINUS}1 pp", "0", "+1 pp"]
    assert found.ticks[1].at == 50.0
    assert found.attributes[0].segments[0].rows[0].scale.zero == 50.0


def test_what_is_adjusted_by_cuped_is_so_in_segments() -> None:
    found = view(replace(cut(*TWO), cuped=True, lookback_days=14.0))

    assert found.attributes[0].segments[0].rows[0].interval == "+6.0 to +14.0%"


@pytest.mark.parametrize("method", ["fixed", "bayesian"])
def test_a_method_of_one_look_shows_that_look(method: str) -> None:
    found = view(replace(cut(*TWO), method="fixed" if method == "fixed" else "bayesian"))

    [row] = found.attributes[0].segments[0].rows
    assert row.interval == "+5.0 to +15.0%"
    assert row.bar is not None
    assert row.bar.low == row.bar.core_low


def test_below_the_floor_there_is_progress_and_no_lift() -> None:
    small = segment("lu", compared(reason="collecting"), floor=BELOW_FLOOR)
    rows = view(cut(*TWO, small)).attributes[0].segments[2].rows

    assert (rows[0].lift, rows[0].interval, rows[0].bar) == (DASH, DASH, None)
    assert rows[0].progress == Progress(percent=71.0, text="71 of 100 users")


def test_a_segment_without_an_answer_says_why() -> None:
    nobody = segment("lu", compared(reason="zero_variance"), floor=BELOW_FLOOR)
    [row] = view(cut(*TWO, nobody)).attributes[0].segments[2].rows

    assert (row.progress, row.bar) == (None, None)
    assert row.why == "All users of an arm have the same value."


def test_a_snapshot_from_before_floors_of_segments_still_collects() -> None:
    old = segment("lu", compared(reason="collecting"), floor=None)
    [row] = view(decode(encode(cut(*TWO, old)))).attributes[0].segments[2].rows

    assert (row.progress, row.why) == (None, "Too few users yet.")


def test_users_without_the_attribute_and_rare_values_are_named() -> None:
    names = [
        found.name
        for found in view(cut(segment("fr"), segment(None), segment("", rest=False)))
        .attributes[0]
        .segments
    ]
    rest = view(cut(segment("fr"), segment(None, rest=True))).attributes[0].segments[1]

    assert names == ["fr", "Not given", "Empty"]
    assert rest.name == "All rarer values"


@pytest.mark.parametrize(
    ("p", "count", "says"),
    [
        (0.031, 2, "One test over all segments: p = .031: the effect differs."),
        (0.2, 2, "One test over all segments: p = .200: no sign that it differs."),
        (None, 1, "One test over all segments needs two past the floor; one is."),
        (None, 0, "One test over all segments needs two past the floor; none is."),
    ],
)
def test_one_sentence_says_whether_the_effect_differs(
    p: float | None, count: int, says: str
) -> None:
    found = view(cut(*TWO, tests=(differs(p, count=count),)))

    assert found.attributes[0].tests == (says,)
    assert found.caveat == (
        "Single segments decide nothing: among many, some differ by chance alone. "
        "The test is for one look."
    )


def test_segments_below_the_floor_are_not_in_the_test() -> None:
    small = segment("lu", compared(reason="collecting"), floor=BELOW_FLOOR)

    assert view(cut(*TWO, small)).attributes[0].tests == (
        "One test over the 2 past the floor: p = .031: the effect differs.",
    )


def test_several_tests_share_the_error_of_one() -> None:
    three = comparison("conv-ctr")
    both = (
        segment("fr", compared(), compared("conv-ctr")),
        segment("de", compared(), compared("conv-ctr")),
    )
    tests = (differs(0.031), differs(0.02, variant="conv-ctr"))

    found = view(cut(*both, tests=tests, card=scorecard(comparison(), three)))

    assert found.attributes[0].tests == (
        "item-knn: one test over all segments: p = .031: no sign that it differs.",
        "conv-ctr: one test over all segments: p = .020: the effect differs.",
    )
    assert found.caveat.endswith(
        "There are two tests, each for one look, so a p below .025 counts."
    )
    assert [row.arm.letter for row in found.attributes[0].segments[0].rows] == ["B", "C"]


def test_each_attribute_has_its_test_and_its_values() -> None:
    held = (*TWO, segment("app", attribute="platform"), segment("web", attribute="platform"))
    tests = (differs(0.4), differs(0.6, attribute="platform"))

    found = view(cut(*held, tests=tests)).attributes

    assert [(a.name, [s.name for s in a.segments]) for a in found] == [
        ("country", ["fr", "de"]),
        ("platform", ["app", "web"]),
    ]
    assert found[1].tests == ("One test over all segments: p = .600: no sign that it differs.",)


def test_an_unhealthy_experiment_judges_no_segments_either() -> None:
    sick = scorecard(state="unhealthy", health=(ratio_check(healthy=False, p=0.00002),))

    assert view(cut(*TWO, card=sick)).attributes[0].tests == (
        "One test over all segments: p = .031: not judged, because the experiment is unhealthy.",
    )


def test_the_page_shows_the_card_with_its_bars(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment()
    small = segment("lu", compared(reason="collecting"), floor=BELOW_FLOOR)
    snapshot_of(experiment, cut(*TWO, small))

    page = browser.get(experiment.get_absolute_url()).content.decode()

    card = page.split('aria-labelledby="segments"')[1].split("</section>")[0]
    assert "CTR by attribute at first exposure, lift against A popular" in card
    assert "One test over the 2 past the floor: p = .031: the effect differs." in card
    assert card.count("bar bar-flat") == 2
    assert "71 of 100 users" in card
    assert "Single segments decide nothing" in card


@pytest.mark.parametrize("address", ["", "metrics/ctr/"])
def test_segments_fold_on_a_phone_wherever_they_are_shown(
    browser: Client, make_experiment: Callable[..., Experiment], address: str
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment, cut(*TWO))

    page = browser.get(experiment.get_absolute_url() + address).content.decode()

    assert page.count('<details class="fold" id="fold-segment-') == 2
    assert "dashboard/css/fold.css" in page


def test_the_page_of_an_experiment_without_segments_says_what_to_set(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    page = browser.get(experiment.get_absolute_url()).content.decode()

    card = page.split('aria-labelledby="segments"')[1].split("</section>")[0]
    assert "name attributes such as country or device under Segments" in card
    assert "<table" not in card
    assert "Segment: no attribute was named before the start." in page
    assert 'aria-labelledby="served"' not in page
