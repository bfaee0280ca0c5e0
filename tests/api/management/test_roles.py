"""Which role may do what by the API."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from experiments.models import Experiment
from people.roles import Role
from serving.access import ClientAccess
from serving.keys import create_key
from tests.api.management.conftest import Caller, everything
from tests.api.management.doors import MANAGEMENT

FILLED = {"key": "home-ctr", "number": "1", "variant": "item-knn", "user": "u1", "name": "ada"}


def filled(address: str) -> str:
    return re.sub(r"<\w+:(\w+)>", lambda found: FILLED[found[1]], address)


@pytest.mark.parametrize("role", Role)
def test_a_key_does_what_its_role_may_and_no_more(
    started: Experiment, client: Client, role: Role
) -> None:
    caller = Caller(client, role)
    for (address, method), least in MANAGEMENT.items():
        before = everything()
        answer = caller.send(method, filled(address), {}, tag='"0"')
        if role >= least:
            assert answer.status_code != 403, (address, method)
            continue
        above = "" if least == Role.ADMIN else " or above"
        assert answer.status_code == 403, (address, method)
        assert answer.json()["detail"].startswith(
            f"This needs a server key of role {least.value}{above}; the key “{role.value}” has the "
            f"role {role.value}."
        )
        assert everything() == before


def test_a_client_key_manages_nothing(started: Experiment, client: Client) -> None:
    _, secret = create_key("shop", ClientAccess())
    caller = Caller(client)
    before = everything()
    headers = {"authorization": f"Bearer {secret}"}
    for address, method in MANAGEMENT:
        answer = client.generic(method, f"/api/v1/{filled(address)}", b"{}", headers=headers)
        assert answer.status_code == 403, (address, method)
    assert everything() == before
    assert caller.get("people").status_code == 200
