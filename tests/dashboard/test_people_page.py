"""People: invited with a password for one login, given roles, switched off, never all lost."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from people import services, trail
from people.actors import COMMAND
from people.roles import Role, role_of
from tests.dashboard.factories import START
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

ADDRESS = "/settings/people/"


@pytest.fixture
def noor(person: User) -> User:
    """Invited, and not yet logged in."""
    return services.invite(name="noor", role=Role.ANALYST, actor=COMMAND, now=START)[0]


def secret_of(page: str) -> str:
    found = re.search(r'<pre id="secret"[^>]*>(\S+)</pre>', page)
    assert found is not None
    return found[1]


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_an_invited_person_chooses_a_password_before_anything_else(browser: Client) -> None:
    answer = browser.post(ADDRESS, {"name": "noor", "role": "experimenter"})
    once = secret_of(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert once.encode() not in browser.get(ADDRESS).content

    theirs = Client()
    theirs.post("/login/", {"username": "noor", "password": once})
    for address in ("/experiments/", "/pulse/", ADDRESS):
        assert theirs.get(address)["Location"] == "/settings/password/"
    page = theirs.get("/settings/password/").content.decode()
    assert "The one you came in with was made for this login." in page
    assert "old_password" not in page

    chosen = {"new_password1": "a quiet harbour", "new_password2": "a quiet harbour"}
    assert theirs.post("/settings/password/", chosen)["Location"] == "/experiments/"
    assert theirs.get("/new-experiment/").status_code == 200
    assert fresh(User.objects.get(username="noor")).check_password("a quiet harbour")


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("a quiet harbour", "a loud harbour", "The two password fields"),
        ("short", "short", "This password is too short"),
        ("password1", "password1", "This password is too common"),
    ],
)
def test_a_password_that_will_not_do_is_not_taken(
    client: Client, noor: User, first: str, second: str, says: str
) -> None:
    client.force_login(noor)
    before = noor.password

    page = client.post("/settings/password/", {"new_password1": first, "new_password2": second})

    assert error_of(page.content.decode(), "id_new_password2").startswith(says)
    assert fresh(noor).password == before


def test_a_password_in_use_is_asked_for_before_another_is_taken(browser: Client) -> None:
    new = {"new_password1": "a quiet harbour", "new_password2": "a quiet harbour"}

    wrong = browser.post("/settings/password/", new | {"old_password": "x"}).content.decode()
    assert error_of(wrong, "id_old_password").startswith(
        "Your old password was entered incorrectly"
    )

    assert (
        browser.post("/settings/password/", new | {"old_password": "maya-maya-1"}).status_code
        == 302
    )
    assert browser.get("/experiments/").status_code == 200


@pytest.mark.parametrize(
    ("sent", "field", "says"),
    [
        ({"name": "", "role": "viewer"}, "id_name", "Give the person a name"),
        ({"name": "a b", "role": "viewer"}, "id_name", "Give a name of letters, digits"),
        ({"name": "Maya", "role": "viewer"}, "id_name", "There is an account “Maya” already."),
        ({"name": "noor", "role": "owner"}, "id_role", "Choose one of the four roles."),
    ],
)
def test_a_wrong_invitation_makes_nobody(
    browser: Client, sent: dict[str, str], field: str, says: str
) -> None:
    page = browser.post(ADDRESS, sent).content.decode()

    assert error_of(page, field).startswith(says)
    assert User.objects.count() == 1


def test_a_role_is_set(browser: Client, noor: User) -> None:
    answer = browser.post(f"{ADDRESS}{noor.pk}/role/", {"role": "admin"}, follow=True)

    assert b"noor has the role admin." in answer.content
    assert role_of(fresh(noor)) == Role.ADMIN
    assert trail.entries(by="maya").get().after == {"role": "admin"}


@pytest.mark.parametrize("role", ["", "owner"])
def test_an_unknown_role_is_not_set(browser: Client, noor: User, role: str) -> None:
    answer = browser.post(f"{ADDRESS}{noor.pk}/role/", {"role": role}, follow=True)

    assert "role" in " ".join(str(m) for m in answer.context["messages"])
    assert role_of(fresh(noor)) == Role.ANALYST


def test_the_last_admin_is_told_why_they_stay_one(browser: Client, person: User) -> None:
    answer = browser.post(f"{ADDRESS}{person.pk}/deactivate/", follow=True)

    assert "maya is the last admin. Make somebody else an admin first." in answer.content.decode()
    assert fresh(person).is_active


def test_an_account_that_is_switched_off_is_out_at_once(browser: Client, noor: User) -> None:
    theirs = Client()
    theirs.force_login(noor)

    browser.post(f"{ADDRESS}{noor.pk}/deactivate/")

    assert theirs.get("/experiments/")["Location"].startswith("/login/")
    assert "noor analyst switched off" in text(browser, ADDRESS)
    browser.post(f"{ADDRESS}{noor.pk}/reactivate/")
    assert "has to choose a password" in text(browser, ADDRESS)


def test_a_lost_password_is_replaced_and_ends_the_sessions(browser: Client, noor: User) -> None:
    theirs = Client()
    theirs.force_login(noor)

    page = browser.post(f"{ADDRESS}{noor.pk}/password/").content.decode()

    assert fresh(noor).check_password(secret_of(page))
    assert theirs.get("/experiments/")["Location"].startswith("/login/")


def test_whoever_may_not_change_people_sees_who_has_which_role(client: Client, noor: User) -> None:
    noor.person.must_choose_password = False
    noor.person.save()
    client.force_login(noor)

    said = text(client, ADDRESS)

    assert "maya admin superuser" in said
    assert "noor you analyst" in said
    assert all(role.may in said for role in Role)
