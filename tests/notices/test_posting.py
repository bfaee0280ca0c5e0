"""One POST to an address that somebody typed."""

from __future__ import annotations

import time

import pytest

from notices.posting import Answer, post
from tests.notices.receiver import CUT, GARBLED, SILENT, TRICKLE, receiving
from tests.ports import free_port


def test_what_is_sent_arrives_as_it_is() -> None:
    with receiving() as receiver:
        answer = post(receiver.url, b'{"a": 1}', {"webhook-id": "msg_1"})

    assert answer == Answer(204)
    [(headers, body)] = receiver.got
    assert body == b'{"a": 1}'
    assert (headers["webhook-id"], headers[":path"]) == ("msg_1", "/hooks?team=a")


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (200, Answer(200)),
        (500, Answer(500, "It answered 500 Internal Server Error.")),
        (400, Answer(400, "It answered 400 Bad Request.")),
        (599, Answer(599, "It answered 599.")),
        (302, Answer(302, "It answered 302. No redirect is followed: give where it ends.")),
        (GARBLED, Answer(None, "What it answered is no HTTP.")),
        (CUT, Answer(None, "What it answered is no HTTP.")),
    ],
)
def test_anything_but_a_2xx_is_said(answered: int, expected: Answer) -> None:
    with receiving(answered) as receiver:
        assert post(receiver.url, b"{}", {}) == expected

    assert len(receiver.got) == 1


@pytest.mark.parametrize("answered", [SILENT, TRICKLE])
def test_a_receiver_that_takes_its_time_is_left(answered: int) -> None:
    with receiving(answered) as receiver:
        since = time.monotonic()
        answer = post(receiver.url, b"{}", {}, timeout=0.3)
        took = time.monotonic() - since

    assert answer == Answer(None, "It did not answer within 0.3 seconds.")
    assert took < 30  # and not for as long as it trickles


def test_nobody_there_is_said() -> None:
    answer = post(f"http://127.0.0.1:{free_port()}/", b"{}", {})

    assert answer == Answer(None, "It could not be reached: Connection refused.")


@pytest.mark.parametrize("url", ["http://no.such.host.invalid/", "http://a..b/"])
def test_a_name_that_leads_nowhere_is_said(url: str) -> None:
    answer = post(url, b"{}", {})

    assert answer.status is None
    assert answer.error.startswith("It could not be reached: ")


def test_https_is_not_spoken_with_somebody_who_does_not_speak_it() -> None:
    with receiving() as receiver:
        answer = post(receiver.url.replace("http:", "https:"), b"{}", {})

    assert answer.status is None
    assert answer.error.startswith("It could not be reached: ")
    assert receiver.got == []


def test_only_what_was_taken_or_is_gone_is_not_tried_again() -> None:
    assert Answer(200).final
    assert Answer(410, "It answered 410 Gone.").final
    assert not Answer(404, "It answered 404 Not Found.").final
    assert not Answer(None, "It could not be reached.").final
