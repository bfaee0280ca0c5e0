"""Keys and placements made from a terminal: what is refused is said, and leaves nothing behind."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from experiments.models import Layer, Placement
from recommenders.services import register
from serving import plans
from serving.exceptions import Invalid
from serving.keys import authenticate, create_key
from serving.models import ApiKey

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_a_key_made_here_is_accepted_at_once() -> None:
    secret = run("create_key", "x" * 120)

    found = authenticate(secret)
    assert found is not None
    assert ApiKey.objects.get().name == "x" * 120


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_key_needs_a_name_that_fits(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_key(name)
    with pytest.raises(CommandError, match=r"Give the key a name of 1 to 120 characters\."):
        run("create_key", name)

    assert refused.value.pointer == "/name"
    assert not ApiKey.objects.exists()


def test_a_placement_is_in_the_plan_at_once() -> None:
    register(key="popular", algorithm="popularity", config={})

    assert run("create_placement", "home", "popular") == "Placement home shows popular."
    assert plans.current().placements["home"].default_recommender == "popular"


@pytest.mark.parametrize(
    ("key", "recommender", "message"),
    [
        ("x" * 65, "popular", "Give a key of at most 64 characters."),
        ("Home", "popular", "“Home” cannot be a key."),
        ("shared", "popular", "There is a layer “shared” already"),
        ("home", "nobody", "There is no recommender “nobody”. Registered: popular."),
    ],
)
def test_a_placement_that_cannot_be_leaves_nothing(
    key: str, recommender: str, message: str
) -> None:
    register(key="popular", algorithm="popularity", config={})
    Layer.objects.create(key="shared")

    with pytest.raises(CommandError) as refused:
        run("create_placement", key, recommender)

    assert str(refused.value).startswith(message)
    assert (Placement.objects.count(), Layer.objects.count()) == (0, 1)


def test_a_key_of_each_kind_is_made_here() -> None:
    server = authenticate(run("create_key", "reports", "--role", "viewer"))
    client = authenticate(
        run(
            "create_key",
            "web",
            "--client",
            "--origin=https://a.example",
            "--origin=https://b.example",
            "--per-minute=60",
        )
    )

    assert server is not None
    assert (server.kind, server.role) == ("server", "viewer")
    assert client is not None
    assert (client.kind, client.per_minute) == ("client", 60)
    assert client.origins == ("https://a.example", "https://b.example")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--client", "--role", "viewer"], "A client key has no role. Leave out --role"),
        (["--origin", "https://a.example"], "--origin and --per-minute are of client keys."),
        (["--per-minute", "0"], "--origin and --per-minute are of client keys."),
        (["--client", "--per-minute", "0"], "Give 1 to 1,000,000 requests a minute"),
        (["--client", "--origin", "a.example"], "“a.example” is no origin."),
    ],
)
def test_options_that_contradict_make_no_key(options: list[str], message: str) -> None:
    with pytest.raises(CommandError) as refused:
        run("create_key", "web", *options)

    assert str(refused.value).startswith(message)
    assert not ApiKey.objects.exists()
