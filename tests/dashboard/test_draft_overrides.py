"""Who is to see which variant of a draft from its start on, set on the draft's page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments import moves, overrides
from experiments.models import Experiment, Override
from people.actors import Actor
from people.models import AuditEntry
from serving import plans
from tests.dashboard.factories import AS_OF

Make = Callable[..., Experiment]
ADA = Actor("ada")
SEEN = '<code>qa-1</code> sees <span class="chip arm-b">B</span> <strong>item-knn</strong>'
FORM = 'action="/experiments/learned-ranking/overrides/"'


@pytest.fixture
def draft(make_experiment: Make) -> Experiment:
    return make_experiment(running=False)


def page_of(browser: Client, experiment: Experiment) -> str:
    return browser.get(experiment.get_absolute_url()).content.decode()


def sent(browser: Client, experiment: Experiment, to: str = "", **given: str) -> str:
    address = f"{experiment.get_absolute_url()}overrides/{to}"
    return browser.post(address, given, follow=True).content.decode()


def held() -> list[tuple[str, str]]:
    return [(one.user, one.variant.key) for one in Override.objects.all()]


def test_an_override_is_set_on_the_page_of_the_draft_and_shown_there(
    browser: Client, draft: Experiment
) -> None:
    assert FORM in page_of(browser, draft)

    page = sent(browser, draft, user="qa-1", variant="item-knn")

    assert "The override is set. It acts from the start on." in page
    assert SEEN in page
    assert held() == [("qa-1", "item-knn")]
    entry = AuditEntry.objects.get(verb="override")
    assert (entry.by, entry.why) == ("maya", "One user sees item-knn.")


def test_it_acts_from_the_start_on(browser: Client, draft: Experiment) -> None:
    sent(browser, draft, user="qa-1", variant="item-knn")
    assert plans._newest().experiments == ()

    browser.post(f"{draft.get_absolute_url()}start/")

    [planned] = plans._newest().experiments
    assert planned.overrides == {"qa-1": "item-knn"}


def test_an_override_is_removed_again(browser: Client, draft: Experiment) -> None:
    sent(browser, draft, user="qa-1", variant="item-knn")

    page = sent(browser, draft, "remove/", user="qa-1")
    assert "From the start on qa-1 is split like everybody." in page
    assert held() == []

    again = sent(browser, draft, "remove/", user="qa-1")
    assert "There is no override for “qa-1”." in again


@pytest.mark.parametrize(
    ("user", "variant", "said"),
    [
        ("", "item-knn", "Give a user id."),
        ("x" * 257, "item-knn", "Ensure this value has at most 256 characters (it has 257)."),
        ("qa-1", "luck", "Select a valid choice. luck is not one of the available choices."),
    ],
)
def test_what_cannot_be_is_refused_in_its_place_with_what_was_typed(
    browser: Client, draft: Experiment, user: str, variant: str, said: str
) -> None:
    page = sent(browser, draft, user=user, variant=variant)

    assert "Overrides of Learned ranking</h1>" in page
    assert said in page
    assert f'value="{user}"' in page or not user
    assert held() == []
    assert not AuditEntry.objects.filter(verb="override").exists()


def test_what_the_service_refuses_is_said_by_the_field(browser: Client, draft: Experiment) -> None:
    for n in range(overrides.MOST):
        overrides.set_override(draft, user=f"qa-{n}", variant="popular", now=AS_OF, actor=ADA)

    page = sent(browser, draft, user="one-more", variant="popular")

    assert 'id="id_override_user_error"' in page
    assert "There are 100 overrides already, as many as may be." in page
    assert Override.objects.count() == overrides.MOST


def test_once_it_runs_its_overrides_are_among_its_changes(
    browser: Client, draft: Experiment
) -> None:
    moves.start(draft, now=AS_OF, actor=ADA)
    there = f"{draft.get_absolute_url()}overrides/"

    assert browser.get(there)["Location"] == f"{draft.get_absolute_url()}changes/"
    for to in ("", "remove/"):
        page = sent(browser, draft, to, user="qa-1", variant="item-knn")
        assert "Nothing was set: this is no draft any more." in page
        assert "Make changes</h1>" in page
    assert held() == []


def test_a_draft_that_was_archived_shows_them_and_takes_none(
    browser: Client, draft: Experiment
) -> None:
    sent(browser, draft, user="qa-1", variant="item-knn")
    moves.archive(draft, rationale="Not needed.", now=AS_OF, actor=ADA)

    page = page_of(browser, draft)

    assert SEEN in page
    assert FORM not in page
    assert "Remove the override of qa-1" not in page
    assert "no draft any more" in sent(browser, draft, user="qa-2", variant="popular")
    assert held() == [("qa-1", "item-knn")]


def test_whoever_may_not_set_them_reads_them(client: Client, draft: Experiment) -> None:
    client.force_login(User.objects.create_user("new"))
    assert 'id="overrides"' not in page_of(client, draft)

    overrides.set_override(draft, user="qa-1", variant="item-knn", now=AS_OF, actor=ADA)

    page = page_of(client, draft)
    assert SEEN in page
    assert FORM not in page
    assert "Remove the override of qa-1" not in page
