"""msgspec's words as a pointer and a sentence; what is not known here is passed on as it is."""

from __future__ import annotations

import msgspec
import pytest

from events.records import Event
from serving.reported import ReportedExposure
from serving.routing import RouteRequest
from serving.wording import explain


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"[]", ("", "This exposure must be an object, not a list.")),
        (b'{"items": [""]}', ("/items/0", "items[0] must have 1 to 256 characters.")),
        (
            b'{"items": [7]}',
            (
                "/items/0",
                "items[0] must be text of 1 to 256 characters or an object, not a whole number.",
            ),
        ),
        (
            b'{"items": [{"id": "b"}]}',
            ("/items/0/id", "id is not a field of items[0]; it takes item, score, propensity."),
        ),
    ],
)
def test_a_value_of_several_kinds_is_explained_too(body: bytes, said: tuple[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(body, type=ReportedExposure)

    assert explain(str(refused.value), ReportedExposure, whole="this exposure") == said


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Something new - at `$.k`", ("/k", "Something new.")),
        ("Expected `int`, got `ext` - at `$.k`", ("/k", "Expected `int`, got `ext`.")),
        ("Expected `str`, got `int` - at `key in $.attributes`", ("/attributes", None)),
        ("Expected `str`, got `int` - at `$.nowhere`", ("/nowhere", "Expected `str`, got `int`.")),
        ("No path at all", ("", "No path at all.")),
    ],
)
def test_a_message_of_an_unknown_form_is_passed_on(
    message: str, said: tuple[str, str | None]
) -> None:
    pointer, sentence = explain(message, RouteRequest, whole="this request")

    assert pointer == said[0]
    assert said[1] in (None, sentence)


MANY = {f"a{n}": n for n in range(49)}


@pytest.mark.parametrize(
    ("attributes", "pointer", "sentence"),
    [
        (MANY | {"a/b~": None}, "/attributes/a~1b~0", "attributes.a/b~ must be "),
        ({"bad": {}} | MANY, "/attributes/bad", "attributes.bad must be "),
        ({"tags": [1, []]} | MANY, "/attributes/tags/1", "attributes.tags[1] must be "),
        ({"first": None} | MANY | {"a7": {}}, "/attributes/first", "attributes.first must be "),
        (MANY | {"a": 1, "b": 2}, "/attributes", "attributes must have at most 50 entries."),
    ],
)
def test_an_entry_of_an_object_is_named(
    attributes: dict[str, object], pointer: str, sentence: str
) -> None:
    sent = msgspec.json.encode({"user": "u", "placement": "p", "attributes": attributes})
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(sent, type=RouteRequest)

    said = explain(str(refused.value), RouteRequest, whole="this request", sent=sent)

    assert (said[0], said[1][: len(sentence)]) == (pointer, sentence)


def test_an_entry_of_what_cannot_be_read_again_is_not_named() -> None:
    sent = b'{"user": "u", "placement": "p", "attributes": {"n": 1%s, "a": null}}' % (b"0" * 30)
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(sent, type=RouteRequest)

    pointer, _ = explain(str(refused.value), RouteRequest, whole="this request", sent=sent)

    assert pointer in ("/attributes", "/attributes/a")


def test_a_type_of_an_unknown_kind_is_passed_on() -> None:
    class Odd(msgspec.Struct):
        at: Event | None = None
        raw: bytes = b""

    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(b'{"raw": 7}', type=Odd)

    assert explain(str(refused.value), Odd, whole="this") == (
        "/raw",
        "Expected `bytes`, got `int`.",
    )
