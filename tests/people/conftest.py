from __future__ import annotations

import pytest
from django.contrib.auth.models import User


@pytest.fixture
def ada(db: None) -> User:
    """A superuser, as createsuperuser makes one."""
    return User.objects.create_superuser("ada", password="ada-ada-1")


@pytest.fixture
def maya(db: None) -> User:
    """An account without a role."""
    return User.objects.create_user("maya", password="maya-maya-1")
