"""The demonstration's login and key."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from config.demo.access import grant
from serving.keys import digest, revoke_key
from serving.models import ApiKey

pytestmark = pytest.mark.django_db


def test_it_makes_a_login_and_a_key_and_keeps_them_for_the_owner_only(tmp_path: Path) -> None:
    access = grant(tmp_path / "demo")
    person = User.objects.get()
    assert (person.username, person.is_superuser) == ("admin", True)
    assert access.password is not None
    assert person.check_password(access.password)
    assert ApiKey.objects.get().sha256 == digest(access.key)
    modes = {f.name: f.stat().st_mode & 0o777 for f in (tmp_path / "demo").iterdir()}
    assert modes == {"password": 0o600, "api_key": 0o600}
    assert (tmp_path / "demo").stat().st_mode & 0o777 == 0o700


def test_a_second_time_nothing_new_is_made(tmp_path: Path) -> None:
    assert grant(tmp_path) == grant(tmp_path)
    assert User.objects.count() == ApiKey.objects.count() == 1


def test_a_password_that_somebody_chose_is_left_and_not_printed(tmp_path: Path) -> None:
    grant(tmp_path)
    person = User.objects.get()
    person.set_password("their own, and long")
    person.save()
    assert grant(tmp_path).password is None
    assert User.objects.get().check_password("their own, and long")


def test_a_key_that_was_revoked_is_replaced(tmp_path: Path) -> None:
    first = grant(tmp_path).key
    revoke_key(ApiKey.objects.get(), now=timezone.now())
    second = grant(tmp_path).key
    assert second != first
    assert (tmp_path / "api_key").read_text().strip() == second
    assert ApiKey.objects.filter(revoked_at=None).get().sha256 == digest(second)


def test_lost_files_cost_a_new_key_and_the_printed_password(tmp_path: Path) -> None:
    grant(tmp_path / "one")
    access = grant(tmp_path / "two")
    assert access.password is None
    assert ApiKey.objects.count() == 2
