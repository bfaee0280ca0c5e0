"""What an experiment's page lets people do with it, state by state."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import moves
from experiments.models import Experiment, Placement
from people.actors import Actor
from people.models import AuditEntry
from tests.acting import stop_experiment
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
    assert "takes the place of popular" in (
        browser.get(f"{experiment.get_absolute_url()}ship/").content.decode()
    )

    shown = text(browser, f"{experiment.get_absolute_url()}ship/")
    assert "The figures said: Ship" in shown
    assert "CTR B item-knn +8.9% +4.4 to +13.7% Better" in shown

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
