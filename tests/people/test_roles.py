"""Roles are ordered, and said in one table."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from people.models import Person
from people.roles import Role, role_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"


def test_each_role_is_above_the_one_before() -> None:
    assert sorted({*Role}) == list(Role)
    assert Role.VIEWER < Role.ANALYST < Role.EXPERIMENTER < Role.ADMIN
    assert Role.ADMIN >= Role.ADMIN
    assert not Role.EXPERIMENTER > Role.ADMIN


def test_a_role_is_not_compared_with_a_word() -> None:
    with pytest.raises(TypeError):
        assert Role.ADMIN > "viewer"


def test_a_superuser_is_an_admin_whatever_their_row_says(ada: User) -> None:
    assert role_of(ada) == Role.ADMIN
    Person.objects.create(user=ada, role="viewer")
    assert role_of(User.objects.get(pk=ada.pk)) == Role.ADMIN


def test_an_account_without_a_role_views(maya: User) -> None:
    assert role_of(maya) == Role.VIEWER


@pytest.mark.parametrize("role", Role)
def test_anybody_else_has_the_role_of_their_row(maya: User, role: Role) -> None:
    Person.objects.create(user=maya, role=role.value)
    assert role_of(maya) == role


@pytest.mark.parametrize("role", Role)
def test_the_page_says_what_each_role_may(role: Role) -> None:
    assert f"| `{role.value}` | {role.may} |" in PAGE.read_text()
