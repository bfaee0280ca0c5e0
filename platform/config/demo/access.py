"""Who may come in: a login for the dashboard and a key for the API, readable to the owner only."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.contrib.auth import get_user_model

from serving.keys import create_key, digest
from serving.models import ApiKey

USERNAME = "admin"
KEY_NAME = "Demonstration"
FOLDER = "demo"  # under var/; the simulator looks for the key there
PASSWORD_FILE, KEY_FILE = "password", "api_key"


@dataclass(frozen=True, kw_only=True)
class Access:
    """`password` is None where somebody has chosen another than the one made here."""

    username: str
    password: str | None
    key: str


def grant(folder: Path) -> Access:
    """The login and the key, made where they are missing. `folder` holds their secrets."""
    return Access(
        username=USERNAME,
        password=_login(folder / PASSWORD_FILE),
        key=_key(folder / KEY_FILE),
    )


def _login(file: Path) -> str | None:
    people = get_user_model().objects
    person = people.filter(username=USERNAME).first()
    if person is None:
        password = _kept(file) or _keep(file, secrets.token_urlsafe(9))
        people.create_superuser(USERNAME, password=password)
        return password
    known = _kept(file)
    return known if known and person.check_password(known) else None


def _key(file: Path) -> str:
    known = _kept(file)
    if known and ApiKey.objects.filter(sha256=digest(known), revoked_at=None).exists():
        return known
    return _keep(file, create_key(KEY_NAME)[1])


def _kept(file: Path) -> str | None:
    return file.read_text().strip() if file.exists() else None


def _keep(file: Path, secret: str) -> str:
    """Write a secret whole or not at all, for its owner's eyes."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(f"{secret}\n")
    draft.replace(file)
    return secret
