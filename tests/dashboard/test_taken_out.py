"""An arm that takes no users any more, on the experiment's page."""

from __future__ import annotations

from msgspec.structs import replace

from dashboard.formats import DASH
from dashboard.reading import table
from dashboard.reading.arms import ArmView
from dashboard.reading.health import health
from dashboard.reading.segments import segments
from dashboard.reading.served import served
from dashboard.reading.verdict import sentence, short
from experiments.metrics.results import Check, Described, Floor, Scorecard, SetAside
from tests.dashboard.factories import comparison, phased_by, ratio_check, scorecard
from tests.dashboard.test_segments import compared, segment

ARMS = tuple(
    ArmView(letter="ABC"[n], key=key, recommender=key, version=None, share=0.5, users=5000)
    for n, key in enumerate(("popular", "item-knn", "conv-ctr"))
)
BELOW = Floor(
    reached=False,
    variant="conv-ctr",
    users=20,
    users_needed=100,
    precision=4.0,
    precision_needed=25.0,
)
GONE = comparison("conv-ctr", reading="collecting", floor=BELOW)


def card(*comparisons: object, **changes: object) -> Scorecard:
    """conv-ctr was taken out in the second phase, item-knn is there."""
    found = comparisons or (comparison(), GONE)
    return phased_by(scorecard(*found, **changes), (1, 1, 1), (1, 1, 0))  # type: ignore[arg-type]


def test_the_verdict_is_about_the_arm_that_is_left_and_says_what_became_of_the_other() -> None:
    said = sentence(card(), ARMS)

    assert said.title.startswith("Ship item-knn.")
    assert said.why.endswith("conv-ctr shows +8.9%, and was taken out.")
    assert next(rule for rule in said.rules if "floor" in rule.text).ok is True


def test_where_one_is_left_that_is_worse_it_is_rolled_back() -> None:
    worse = comparison(effect=-0.051, low=-0.083, high=-0.019, reading="worse")

    assert sentence(card(worse, GONE, state="roll_back"), ARMS).title.startswith(
        "Roll back item-knn. It lowers CTR by 5.1%"
    )


def test_where_none_is_left_the_experiment_is_said_to_have_none() -> None:
    gone = phased_by(scorecard(comparison(), state="taken_out"), (1, 1), (1, 0))
    said = sentence(gone, ARMS[:2])

    assert (said.word, said.icon, said.tone) == ("Taken out", "stopped", "flat")
    assert said.title == "No treatment is left: all were taken out."
    assert short(gone.decision) == "Goal CTR decides."


def test_its_row_waits_for_nothing_any_more() -> None:
    (goal,) = table.groups(card(), ARMS, scale="relative")
    _, row = goal.metrics[0].rows

    assert (row.reading.word, row.reading.icon, row.progress) == ("Taken out", "stopped", None)
    assert (row.lift, row.bar) == (DASH, None)


def test_what_it_had_shown_by_then_is_still_said() -> None:
    (goal,) = table.groups(card(comparison(), comparison("conv-ctr")), ARMS, scale="relative")

    assert goal.metrics[0].rows[1].reading.word == "Better"


def test_its_segments_wait_for_nothing_either() -> None:
    low = segment("fr", compared(), compared("conv-ctr", reason="collecting"), floor=BELOW)
    held = card()
    cut = replace(held.metrics[0], segments=(low,))
    found = segments(replace(held, metrics=(cut,)), cut, ARMS, scale="relative")

    assert found is not None
    _, row = found.attributes[0].segments[0].rows
    assert (row.progress, row.why) == (None, "Too few users yet.")


def test_what_is_served_is_described_of_the_others() -> None:
    figures = [
        Described(name="gini", variant=v, slates=n, value=value, reason=reason)
        for v, n, value, reason in (
            ("popular", 40, 0.5, None),
            ("item-knn", 40, 0.6, None),
            ("conv-ctr", 0, None, "taken_out"),
        )
    ]
    found = served(replace(card(), described=tuple(figures)), ARMS)

    assert found is not None
    assert found.slates == 40
    assert found.missing == ("No gini of conv-ctr: no users come any more.",)


def test_users_of_an_arm_that_takes_none_are_a_check_of_its_own() -> None:
    check = Check(
        name="users_in_absent_arms",
        healthy=False,
        p_value=None,
        reason="not_in_phase",
        detail="Users were seen in an arm that takes none in their phase: 300 in conv-ctr.",
        figures=(),
    )
    aside = SetAside(exposures_forced=0, users_in_two_variants=0, users_in_absent_arms=300)
    sick = replace(card(state="unhealthy", health=(ratio_check(), check)), set_aside=aside)

    strip = {f.title: f.figure for f in health(sick, log_lag=None).figures}
    said = sentence(sick, ARMS)

    assert strip["Users in absent arms"] == "300 of 15,300"
    assert said.title == "Users were seen in absent arms, so nothing is judged."
    assert said.advice.startswith("Look for callers that keep an old assignment")
    assert ("No users in absent arms", "300 users", False) in [
        (rule.text, rule.figure, rule.ok) for rule in said.rules
    ]
