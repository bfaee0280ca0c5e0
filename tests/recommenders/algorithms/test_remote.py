"""An endpoint of a third party, which here is a real HTTP server."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from recommenders.algorithms import Algorithm, create
from recommenders.exceptions import (
    HyperparameterError,
    RemoteBadAnswer,
    RemoteError,
    RemoteRefused,
    RemoteTimeout,
    RemoteUnreachable,
)
from tests.recommenders.contract import AlgorithmContract
from tests.recommenders.endpoint import Server, serving
from tests.recommenders.toy import POPULAR, dataset

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def asking(server: Server, **config: Any) -> Algorithm[Any]:
    return create("remote", **{"url": server.url, "deadline_ms": 5_000, **config}).fit(dataset())


class TestRemote(AlgorithmContract):
    name = "remote"
    config: ClassVar[dict[str, Any]] = {}
    strangers = True
    smallest = True
    similar = False
    additive = False
    updatable = True

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def endpoint(cls) -> Iterator[Server]:
        with serving() as server:
            cls.config = {"url": server.url, "deadline_ms": 30_000}
            yield server

    def test_every_shown_item_has_a_reason_in_words(self, model: Algorithm[Any]) -> None:
        assert model.reasons("u3", ["a3", "b1"]) == [None, None]  # only the endpoint knows


def test_the_endpoint_is_told_who_asks_and_what_may_not_be_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINNOW_REMOTE_ACME", "s3cret")
    model = asking(server, token_variable="WINNOW_REMOTE_ACME")

    ids, scores = model.recommend(["u3", "x"], k=2, exclude=["b1"], histories={"x": ["b2"]})

    [(body, headers)] = server.asked
    assert body == {
        "k": 2,
        "users": [
            {"user": "u3", "history": ["a1", "a2"], "exclude": ["a1", "a2", "b1"]},
            {"user": "x", "history": ["b2"], "exclude": ["b1", "b2"]},
        ],
    }
    assert headers["Authorization"] == "Bearer s3cret"
    assert ids.tolist() == [["a3", "b2"], ["a1", "a2"]]
    assert scores.tolist() == [[4.0, 3.0], [7.0, 6.0]]


def test_no_token_is_sent_where_the_variable_is_not_set(server: Server) -> None:
    asking(server).recommend(["x"])
    assert "Authorization" not in server.asked[0][1]


def test_what_may_not_be_shown_is_unknown_or_twice_is_passed_over(server: Server) -> None:
    server.mode = "told"
    told = [("a1", 1.0), ("b2", 5.0), ("newer", 9.0), ("b2", 0.5), ("a3", 2), ("b3", 4.0)]
    server.answer = {"slates": [[{"item": item, "score": score} for item, score in told]]}

    ids, scores = asking(server).recommend(["u3"], k=3, exclude=["b3"])

    assert ids.tolist() == [["b2", "a3", None]]
    assert scores[0, :2].tolist() == [5.0, 2.0]


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        (b"<html>", "no JSON"),
        (b"", "no JSON"),
        ([], "/slates is not a list of 1"),
        ({"slates": []}, "/slates is not a list of 1"),
        ({"slates": ["a1"]}, "/slates/0 is not a list"),
        ({"slates": [["a1"]]}, "/slates/0/0/item is not text"),
        ({"slates": [[{"item": 1, "score": 1}]]}, "/slates/0/0/item is not text"),
        ({"slates": [[{"item": "a1"}]]}, "/slates/0/0/score is not a finite number"),
        (b'{"slates": [[{"item": "a1", "score": NaN}]]}', "/slates/0/0/score"),
        (b" " * (4 << 20) + b"{}", "more than 4,194,304 bytes"),
    ],
)
def test_a_bad_answer_says_where_it_is_bad(server: Server, answer: Any, where: str) -> None:
    server.mode, server.answer = "told", answer
    with pytest.raises(RemoteBadAnswer) as got:
        asking(server).recommend(["x"])
    assert where in str(got.value)
    assert str(got.value).startswith(server.url)


@pytest.mark.parametrize("mode", ["silent", "drip"])
def test_the_deadline_is_on_the_whole_of_the_answer(server: Server, mode: str) -> None:
    server.mode = mode
    with pytest.raises(RemoteTimeout, match="no answer within the deadline"):
        asking(server, deadline_ms=60).recommend(["x"])


@pytest.mark.parametrize(("mode", "status"), [("refuse", 503), ("redirect", 302)])
def test_any_other_status_is_a_refusal(server: Server, mode: str, status: int) -> None:
    server.mode = mode
    with pytest.raises(RemoteRefused, match=f"answered {status}") as got:
        asking(server).recommend(["x"])
    assert got.value.status == status


def test_a_connection_that_breaks_or_is_not_to_be_had_is_said(server: Server) -> None:
    for mode in ("hang_up", "cut"):
        server.mode = mode
        with pytest.raises(RemoteUnreachable):
            asking(server).recommend(["x"])
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with pytest.raises(RemoteUnreachable):
        create("remote", url=url).fit(dataset()).recommend(["x"])


@pytest.mark.parametrize(("mode", "connections"), [("good", 1), ("leave", 3)])
def test_a_connection_is_used_again_and_one_that_was_closed_is_opened_anew(
    server: Server, mode: str, connections: int
) -> None:
    server.mode = mode
    model = asking(server)
    for _ in range(3):
        assert model.recommend(["x"], k=7)[0][0].tolist() == POPULAR
    assert (len(server.asked), len(set(server.peers))) == (3, connections)


def test_after_an_error_the_next_question_is_answered(server: Server) -> None:
    model = asking(server)
    for mode in ("refuse", "hang_up"):
        server.mode = mode
        with pytest.raises(RemoteError):
            model.recommend(["x"])
        server.mode = "good"
        assert model.recommend(["x"], k=1)[0].tolist() == [["a1"]]


def test_the_guides_endpoint_answers(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "how-to" / "add-an-algorithm.md").read_text()
    code = guide.partition("## By an endpoint")[2].partition("```python\n")[2].partition("```")[0]
    (tmp_path / "endpoint.py").write_text(code)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, str(tmp_path / "endpoint.py"), str(port)]) as process:
        try:
            model = create("remote", url=f"http://127.0.0.1:{port}/recommend").fit(dataset())
            assert answered(model) == [["a4", "a3", None]]
        finally:
            process.terminate()


def answered(model: Algorithm[Any]) -> list[list[str | None]]:
    """The slate of u3, once the process has begun to listen."""
    for _ in range(500):
        try:
            slates: list[list[str | None]] = model.recommend(["u3"], k=3)[0].tolist()
            return slates
        except RemoteError:
            time.sleep(0.02)
    raise AssertionError("it never answered")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "ftp://host/x"),
        ("url", "http:///x"),
        ("url", "http://me:secret@host/"),
        ("url", "http://host/a b"),
        ("url", "http://host:99999/"),
        ("token_variable", "DATABASE_URL"),
        ("token_variable", "WINNOW_REMOTE_"),
    ],
)
def test_an_address_or_a_variable_that_is_none_is_refused(field: str, value: str) -> None:
    with pytest.raises(HyperparameterError) as got:
        create("remote", **{field: value})
    assert got.value.field == field
