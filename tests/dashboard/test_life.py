"""What an experiment's page lets people do with it, state by state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import moves
from experiments.exceptions import Invalid
from experiments.models import Experiment, Placement
from people.actors import Actor
from people.models import AuditEntry
from tests.acting import TESTER, stop_experiment
from tests.dashboard.factories import AS_OF, snapshot_of
from tests.dashboard.test_experiment_pages import text

Make = Callable[..., Experiment]
pytestmark = pytest.mark.django_db


def act(browser: Client, experiment: Experiment, move: str, **given: str) -> str:
    """The page after a move was asked for."""
    address = f"{experiment.get_absolute_url()}{move}/"
    page = browser.post(address, given, follow=True).content.decode()
    experiment.refresh_from_db()
    return page


def test_a_pause_and_a_resumption_are_said_and_written_down(
    browser: Client, person: User, make_experiment: Make
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)

    page = act(browser, experiment, "pause", why="The shop is down.")
    assert experiment.status == "paused"
    assert "Paused. Everybody gets popular." in page
    assert ">Resume</button>" in page
    entry = AuditEntry.objects.get(verb="pause")
    assert (entry.by, entry.actor, entry.why) == ("maya", person, "The shop is down.")

    page = act(browser, experiment, "resume")
    assert experiment.status == "running"
    assert "Its users meet the variants they had before." in page


def test_a_stopped_experiment_is_shipped_with_a_reason(
    browser: Client, make_experiment: Make, home: Placement
) -> None:
    experiment = stop_experiment(make_experiment(), now=AS_OF)
    snapshot_of(experiment)

    shown = text(browser, f"{experiment.get_absolute_url()}ship/")
    assert "The figures said: Ship" in shown
    assert "CTR B item-knn +8.9% +4.4 to +13.7% Better" in shown
    assert "What it serves is the default of home from the next request on" in shown
    assert "That is popular now." in shown
    assert "A popular, the default already: it stays as it is B item-knn Rationale" in shown

    page = act(browser, experiment, "ship", winner="item-knn", rationale="CTR rose by 9%.")

    home.refresh_from_db()
    assert (experiment.status, home.default_recommender.key) == ("shipped", "item-knn")
    assert "Shipped item-knn." in page
    assert "CTR rose by 9%." in page
    assert "Decided by maya" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"winner": "item-knn"}, "Say why: whoever comes after you will ask."),
        ({"rationale": "Faster."}, "Choose the variant that everybody gets."),
        ({"winner": "luck", "rationale": "Faster."}, "There is no such variant."),
    ],
)
def test_what_was_typed_stays_where_something_lacks(
    browser: Client, make_experiment: Make, given: dict[str, str], said: str
) -> None:
    experiment = stop_experiment(make_experiment(), now=AS_OF)

    page = act(browser, experiment, "ship", **given)

    assert said in page
    assert experiment.status == "stopped"
    assert given.get("rationale", "") in page


def test_archiving_takes_a_decision_of_what_was_stopped_only(
    browser: Client, make_experiment: Make
) -> None:
    stopped = stop_experiment(make_experiment(), now=AS_OF)
    assert "Say what was decided." in act(browser, stopped, "archive", rationale="x")

    page = act(browser, stopped, "archive", decision="roll_back", rationale="It was slower.")
    assert (stopped.status, stopped.decision) == ("archived", "roll_back")
    assert "Rolled back." in page

    draft = make_experiment("Second", running=False)
    page = act(browser, draft, "archive")
    assert draft.status == "archived"
    assert "Archived before it started." in page
    assert "Start the experiment" not in page


def test_a_draft_is_deleted_and_nothing_else_is(browser: Client, make_experiment: Make) -> None:
    running, draft = make_experiment(), make_experiment("Second", running=False)

    assert "A running experiment is kept. Archive it instead." in act(browser, running, "delete")
    page = browser.post(f"{draft.get_absolute_url()}delete/", follow=True).content.decode()

    assert "The draft “Second” is deleted." in page
    assert [e.pk for e in Experiment.objects.all()] == [running.pk]


def test_the_list_says_what_became_of_each(browser: Client, make_experiment: Make) -> None:
    ada = Actor("ada")
    for name in ("Paused one", "Shipped one"):
        moves.pause(make_experiment(name), now=AS_OF, actor=ada)
    shipped = stop_experiment(Experiment.objects.get(name="Shipped one"), now=AS_OF)
    moves.ship(shipped, winner="popular", rationale="x", now=AS_OF, actor=ada)

    page = browser.get("/experiments/").content.decode()

    assert "Paused</span>" in page
    assert "Shipped</span>" in page


def test_a_running_experiment_is_stopped_and_shipped_in_one_explained_step(
    browser: Client, make_experiment: Make, home: Placement
) -> None:
    experiment = make_experiment()
    snapshot_of(experiment)
    address = f"{experiment.get_absolute_url()}ship/?winner=item-knn"

    assert f'href="{address}">Ship item-knn</a>' in browser.get(
        experiment.get_absolute_url()
    ).content.decode().replace("&amp;", "&")
    page = browser.get(address).content.decode()
    assert "Shipping stops it first" in page
    assert ">Stop and ship it</button>" in page
    assert page.count("checked") == 1

    browser.post(address, {"winner": "item-knn", "rationale": " "})
    experiment.refresh_from_db()
    assert experiment.status == "running"

    act(browser, experiment, "ship", winner="item-knn", rationale="CTR rose.")
    home.refresh_from_db()
    assert experiment.status == "shipped"
    assert home.default_recommender.key == "item-knn"
    trail = AuditEntry.objects.filter(kind="experiment", verb__in=("stop", "ship")).order_by("id")
    assert [(entry.verb, entry.why) for entry in trail] == [
        ("stop", "CTR rose."),
        ("ship", "CTR rose."),
    ]


def test_what_refuses_the_shipping_undoes_the_stop(make_experiment: Make) -> None:
    experiment = make_experiment()

    with pytest.raises(Invalid) as caught:
        moves.stop_and_ship(
            experiment, winner="nobody", rationale="Why not.", now=AS_OF, actor=TESTER
        )

    experiment.refresh_from_db()
    assert caught.value.field == "winner"
    assert experiment.status == "running"
    assert not AuditEntry.objects.filter(verb="stop").exists()


def test_who_keeps_it_running_against_the_figures_is_written_down_once(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    snapshot = snapshot_of(experiment)
    assert "Keep running</button>" in shown_verdict(browser, experiment)

    page = act(browser, experiment, "keep")

    assert experiment.status == "running"
    assert "It keeps running. The history says that you decided so." in page
    entry = AuditEntry.objects.get(verb="keep running")
    assert (entry.by, entry.key) == ("maya", experiment.key)
    assert entry.after == {"figures said": "ship item-knn", "snapshot": snapshot.pk}
    said = shown_verdict(browser, experiment)
    assert "maya decided to keep it running" in said
    assert "Keep running</button>" not in said
    assert "Ship item-knn</a>" in said


def test_nothing_is_kept_running_that_does_not_run_or_was_not_analysed(
    browser: Client, make_experiment: Make
) -> None:
    experiment = make_experiment()
    assert "Nothing was analysed yet" in act(browser, experiment, "keep")

    stop_experiment(experiment, now=AS_OF)
    assert "Only an experiment that runs can be kept running." in act(browser, experiment, "keep")
    assert not AuditEntry.objects.filter(verb="keep running").exists()


def shown_verdict(browser: Client, experiment: Experiment) -> str:
    page = browser.get(experiment.get_absolute_url()).content.decode()
    return page.split('class="card verdict"')[1].split('class="verdict-rule"')[0]
