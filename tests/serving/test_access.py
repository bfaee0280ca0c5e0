"""What a key may be used for: which origins are origins, and how often is a limit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from people import trail
from people.actors import Actor
from people.roles import Role
from serving import keys, plans
from serving.access import ClientAccess, ServerAccess
from serving.exceptions import Invalid
from serving.models import ApiKey

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHOP = "https://shop.example"
ADA = Actor("ada")


def told() -> list[tuple[str, str, str, object, object]]:
    return [(e.by, e.verb, e.key, e.before, e.after) for e in trail.entries(kind="key")]


@pytest.mark.parametrize(
    "origin",
    [
        SHOP,
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "http://[::1]:3000",
        "https://xn--mller-kva.example",
        "capacitor://localhost",
    ],
)
def test_what_browsers_send_is_an_origin(origin: str) -> None:
    assert ClientAccess(origins=(origin,)).origins == (origin,)


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("", "is no origin"),
        ("shop.example", "is no origin"),
        ("https://shop.example/", "is no origin"),
        ("https://shop.example/cart", "is no origin"),
        ("https://shop.example?x", "is no origin"),
        ("https://user@shop.example", "is no origin"),
        ("https://shop.example:", "is no origin"),
        ("https://shop.example:99999", "is no origin"),
        ("https://", "is no origin"),
        ("https://shop .example", "is no origin"),
        (f"https://{'x' * 250}.example", "is no origin"),
        ("null", "is no origin"),
        ("*", "has a wildcard"),
        ("https://*.shop.example", "has a wildcard"),
        ("https://müller.example", "is not ASCII"),
        ("https://shop.example:443", "Leave out “:443”"),
        ("http://shop.example:80", "Leave out “:80”"),
    ],
)
def test_anything_else_is_refused_by_its_place(origin: str, says: str) -> None:
    with pytest.raises(Invalid, match=says.replace("*", r"\*")) as refused:
        ClientAccess(origins=(SHOP, origin))
    assert refused.value.pointer == "/origins/1"


def test_origins_are_kept_once_and_as_browsers_write_them() -> None:
    access = ClientAccess(origins=(" HTTPS://Shop.Example ", SHOP))
    assert access.origins == (SHOP,)


def test_there_is_a_most_of_origins() -> None:
    with pytest.raises(Invalid, match="at most 50 origins") as refused:
        ClientAccess(origins=tuple(f"https://s{n}.example" for n in range(51)))
    assert refused.value.pointer == "/origins"


@pytest.mark.parametrize("per_minute", [0, -1, 1_000_001])
def test_a_limit_is_one_to_a_million(per_minute: int) -> None:
    with pytest.raises(Invalid, match="1 to 1,000,000 requests a minute") as refused:
        ClientAccess(per_minute=per_minute)
    assert refused.value.pointer == "/per_minute"


def test_a_server_key_is_planned_with_its_role_and_its_secret_is_nowhere() -> None:
    row, secret = keys.create_key("shop", ServerAccess(role=Role.ANALYST), actor=ADA)

    planned = keys.authenticate(secret)
    assert planned is not None
    assert (planned.kind, planned.role) == ("server", "analyst")
    assert (planned.origins, planned.per_minute) == ((), None)
    assert secret.startswith("wn_")
    assert (row.prefix, row.published) == (secret[:8], "")
    said = {"kind": "server", "begins_with": secret[:8], "role": "analyst"}
    assert told() == [("ada", "create", "shop", None, said)]


def test_a_client_key_is_planned_with_its_bounds_and_can_be_read_again() -> None:
    row, secret = keys.create_key("web", ClientAccess(origins=(SHOP,), per_minute=60), actor=ADA)

    planned = keys.authenticate(secret)
    assert planned is not None
    assert (planned.kind, planned.role) == ("client", "viewer")
    assert (planned.origins, planned.per_minute) == ((SHOP,), 60)
    assert secret.startswith("wn_pub_")
    assert (row.prefix, row.published) == (secret[:12], secret)
    assert told()[0][4] == {
        "kind": "client",
        "begins_with": secret[:12],
        "origins": [SHOP],
        "per_minute": 60,
    }


def test_a_key_without_more_may_do_what_keys_always_could() -> None:
    _, secret = keys.create_key("shop")
    planned = keys.authenticate(secret)
    assert planned is not None
    assert (planned.kind, planned.role) == ("server", "admin")
    assert told()[0][0] == "command"


def test_a_client_key_is_changed_in_its_place() -> None:
    row, secret = keys.create_key("web", ClientAccess(origins=(SHOP,)), actor=ADA)

    keys.change_key(row, ClientAccess(origins=(SHOP,)), actor=ADA, now=NOW)
    assert len(told()) == 1
    assert keys.opens(SHOP)

    keys.change_key(row, ClientAccess(origins=("https://b.example",)), actor=ADA, now=NOW)

    planned = keys.authenticate(secret)
    assert planned is not None
    assert planned.origins == ("https://b.example",)
    assert not keys.opens(SHOP)
    [(by, verb, key, before, after)] = told()[1:] if told()[0][1] == "create" else told()[:1]
    assert (by, verb, key) == ("ada", "change", "web")
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (before["origins"], after["origins"]) == ([SHOP], ["https://b.example"])


def test_a_server_key_or_a_revoked_one_is_not_changed() -> None:
    server, _ = keys.create_key("shop")
    revoked, _ = keys.create_key("web", ClientAccess())
    keys.revoke_key(revoked, now=NOW, actor=ADA)
    version = plans.current().version

    for row in (server, revoked):
        with pytest.raises(ApiKey.DoesNotExist):
            keys.change_key(row, ClientAccess(per_minute=5), actor=ADA, now=NOW)

    assert plans.current().version == version
    assert [entry[1] for entry in told()].count("change") == 0


def test_a_revoked_key_is_told_of() -> None:
    row, secret = keys.create_key("web", ClientAccess(), actor=ADA)
    keys.revoke_key(row, now=row.created_at, actor=ADA)

    assert keys.authenticate(secret) is None
    by, verb, key, before, after = told()[0]
    assert (by, verb, key, after) == ("ada", "revoke", "web", None)
    assert isinstance(before, dict)
    assert before["begins_with"] == row.prefix
