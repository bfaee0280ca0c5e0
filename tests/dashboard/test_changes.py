"""Changes to an experiment under way, made on its page."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from msgspec.structs import replace

from dashboard.reading.changes import Wanting, traffic_outcome
from experiments import moves
from experiments.models import Experiment
from people.actors import Actor
from people.models import AuditEntry
from tests.dashboard.factories import AS_OF, make_recommender, scorecard, snapshot_of

Make = Callable[..., Experiment]
pytestmark = pytest.mark.django_db


def change(browser: Client, experiment: Experiment, what: str, **given: str) -> str:
    address = f"{experiment.get_absolute_url()}changes/{what}/"
    page = browser.post(address, given, follow=True).content.decode()
    experiment.refresh_from_db()
    return page


def test_traffic_changes_and_the_page_says_what_is_free(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    page = browser.get(f"{experiment.get_absolute_url()}changes/").content.decode()
    assert "It has 10% now; 90% of the layer is free." in page
    assert 'name="traffic" value="10"' in page

    page = change(browser, experiment, "traffic", traffic="25.5", why="More.")

    assert experiment.traffic == Decimal("0.255")
    assert "Traffic is 25.50% of the layer. Nobody changed arm." in page
    assert AuditEntry.objects.get(verb="change traffic").why == "More."


@pytest.mark.parametrize(
    ("traffic", "said"),
    [
        ("0", "Give a share of traffic from 1% to 100%."),
        ("", "Give a share, such as 50."),
        ("10.005", "Give at most two decimals: 0.01% is one bucket."),
    ],
)
def test_traffic_that_cannot_be_is_refused_in_its_place(
    browser: Client, make_experiment: Make, traffic: str, said: str
) -> None:
    experiment = make_experiment()

    assert said in change(browser, experiment, "traffic", traffic=traffic)
    assert experiment.traffic == Decimal("0.1")


def traffic_seen(browser: Client, experiment: Experiment, traffic: str) -> str:
    address = f"{experiment.get_absolute_url()}changes/traffic-preview/"
    return browser.get(address, {"traffic": traffic}).content.decode()


def test_who_would_leave_is_said_and_asked_before_less_traffic(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment(traffic="0.8")

    part = traffic_seen(browser, experiment, "30")
    assert "62.5% of its users would leave: 50% of the layer." in part
    assert "They get popular from their next request on." in part
    assert 'type="checkbox" name="sure"' in part
    assert "field-error" not in part

    page = change(browser, experiment, "traffic", traffic="30")
    assert "Tick that its users may leave, or give a higher share." in page
    assert "62.5% of its users would leave" in page
    assert experiment.traffic == Decimal("0.8")

    change(browser, experiment, "traffic", traffic="30", sure="on")
    assert experiment.traffic == Decimal("0.3")


def test_who_would_join_is_said_and_changes_nothing(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()

    part = traffic_seen(browser, experiment, "30")

    assert "It would take 20% of the layer more." in part
    assert 'name="sure"' not in part
    assert "Nothing would change." in traffic_seen(browser, experiment, "10")
    assert "Give a share, and this says" in traffic_seen(browser, experiment, "")
    assert "Give a share of traffic from 1% to 100%." in traffic_seen(browser, experiment, "101")
    experiment.refresh_from_db()
    assert (experiment.traffic, experiment.slots) == (Decimal("0.1"), [[0, 1_000]])


def test_more_than_the_layer_has_is_said_while_it_is_typed(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    make_experiment("Other", traffic="0.7")

    assert "give at most 30.00%" in traffic_seen(browser, experiment, "40")


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (8_000, 3_000, "By the last count about 300 new users a day would join; it is 800 now."),
        (1_000, 2_500, "By the last count about 250 new users a day would join; it is 100 now."),
    ],
)
def test_new_users_a_day_are_told_by_the_last_count(before: int, after: int, line: str) -> None:
    seen = traffic_outcome(before, after, default="popular", a_day=1_000.0, ramps=True)

    assert seen.lines[1:] == (line, "The ramp under way is given up.")
    assert seen.removes is (after < before)


@pytest.mark.parametrize(
    ("come", "a_day", "line"),
    [
        (
            1_000,
            1_000.0,
            "1,000 of 5,000 planned users have come: about 20 days left at this traffic; it is "
            "8 days now.",  # 4,000 lacking; two thirds of 300, and of 800, a day count
        ),
        (
            1_000,
            None,
            "1,000 of 5,000 planned users have come. The days left are told once a whole day of "
            "the placement was counted.",
        ),
        (5_000, 1_000.0, "All 5,000 planned users have come."),
    ],
)
def test_the_days_left_are_told_at_the_traffic_that_is_typed(
    come: int, a_day: float | None, line: str
) -> None:
    wanting = Wanting(planned=5_000, come=come, share=2 / 3)

    seen = traffic_outcome(
        8_000, 3_000, default="popular", a_day=a_day, ramps=False, wanting=wanting
    )

    assert seen.lines[-1] == line


def test_the_pair_with_fewest_users_is_what_the_plan_waits_for(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment(arms=2)
    assert "planned users" not in traffic_seen(browser, experiment, "30")
    card = replace(scorecard(), tuning=20_000.0)
    snapshot_of(experiment, card)

    come = sum(value.users for value in card.metrics[0].values[:2])
    part = traffic_seen(browser, experiment, "30")
    assert f"{come:,} of 20,000 planned users have come. The days left are told" in part


def test_a_change_of_weights_is_shown_before_it_is_done(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment(arms=2)
    given = {"weight-popular": "70", "weight-item-knn": "30"}

    part = browser.get(f"{experiment.get_absolute_url()}changes/preview/", given).content.decode()
    assert "20% of its users would change their arm." in part
    assert "New ranges: popular 70%, item-knn 30%." in part
    assert "It opens phase 2." in part
    assert experiment.phases.count() == 1

    page = change(browser, experiment, "arms", **given, why="Safer.")
    assert "A new phase is open." in page
    assert [(p.number, p.why) for p in experiment.phases.all()] == [
        (1, "The experiment started."),
        (2, "Safer."),
    ]


def test_what_a_killed_arm_keeps_is_said(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment(arms=4)
    moves.kill_arm(experiment, variant="ease", now=AS_OF, actor=Actor("ada"))
    given = {"weight-popular": "40", "weight-item-knn": "40", "weight-conv-ctr": "20"}

    part = browser.get(f"{experiment.get_absolute_url()}changes/preview/", given).content.decode()

    assert (
        "New ranges: popular 30%, item-knn 30%, conv-ctr 15%; 25% left with arms that were killed."
        in part
    )


def test_drawing_anew_says_how_many_it_moves(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment(arms=2)
    given = {"weight-popular": "50", "weight-item-knn": "50", "anew": "on"}

    part = browser.get(f"{experiment.get_absolute_url()}changes/preview/", given).content.decode()

    assert "About 50% of its users would get another arm." in part


def test_a_new_arm_comes_with_a_weight(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment(arms=2)
    make_recommender("als")
    given = {"weight-popular": "45", "weight-item-knn": "45", "recommender": "als"}

    page = change(browser, experiment, "arms", **given, why="One more.")
    assert "A new arm takes both: a recommender and a weight." in page

    part = browser.get(
        f"{experiment.get_absolute_url()}changes/preview/", given | {"weight": "10"}
    ).content.decode()
    assert "10% of its users would change their arm." in part
    change(browser, experiment, "arms", **given, weight="10", why="One more.")
    assert [v.key for v in experiment.variants.all()] == ["popular", "item-knn", "als"]
    assert [v.weight for v in experiment.variants.all()] == [
        Decimal("0.45"),
        Decimal("0.45"),
        Decimal("0.1"),
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weight-popular": "50", "weight-item-knn": "40"}, "The weights sum to 90.00%."),
        ({"weight-popular": "0", "weight-item-knn": "100"}, "The control keeps a weight above 0%."),
        ({"weight-popular": "100", "weight-item-knn": "0"}, "Two arms at least keep a weight"),
    ],
)
def test_weights_that_cannot_be_are_refused(
    browser: Client, make_experiment: Make, given: dict[str, str], said: str
) -> None:
    experiment = make_experiment(arms=2)

    assert said in change(browser, experiment, "arms", **given, why="x")
    assert experiment.phases.count() == 1


def test_an_arm_is_killed_with_a_click_and_a_question(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment(arms=4)
    page = browser.get(f"{experiment.get_absolute_url()}changes/").content.decode()
    assert "Kill conv-ctr?" in page
    assert "Kill popular?" not in page

    page = change(browser, experiment, "kill", variant="conv-ctr", why="Errors.")

    assert "conv-ctr is killed. Its users get the default" in page
    assert "Kill conv-ctr?" not in page
    assert experiment.phases.get(number=2).killed == ["conv-ctr"]
    assert "The control cannot be killed" in change(browser, experiment, "kill", variant="popular")


def test_an_override_is_set_shown_and_removed(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()

    page = change(browser, experiment, "override", user="qa-1", variant="item-knn")
    assert '<code>qa-1</code> sees <span class="chip arm-b">B</span> <strong>item-knn' in page

    page = change(browser, experiment, "override-remove", user="qa-1")
    assert "qa-1 is split again." in page
    assert not experiment.overrides.exists()


def test_words_change_and_a_taken_name_is_refused(browser: Client, make_experiment: Make) -> None:
    experiment = make_experiment()
    make_experiment("Second")

    assert "An experiment named “second” exists." in change(
        browser, experiment, "words", name="second"
    )
    change(browser, experiment, "words", name="Better name", hypothesis="More clicks.")
    assert (experiment.name, experiment.hypothesis) == ("Better name", "More clicks.")
    assert experiment.key == "learned-ranking"


def test_what_is_not_under_way_has_no_changes(browser: Client, make_experiment: Make) -> None:
    draft = make_experiment(running=False)
    assert browser.get(f"{draft.get_absolute_url()}changes/").status_code == 404

    paused = moves.pause(make_experiment("Second"), now=AS_OF, actor=Actor("ada"))
    assert browser.get(f"{paused.get_absolute_url()}changes/").status_code == 200
