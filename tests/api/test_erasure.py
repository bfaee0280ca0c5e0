from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from config.celery import app
from events.models import Erasure
from events.readers import open_log
from pipelines import care
from tests.api.calls import post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "send_task", lambda *args, **options: None)


def test_a_person_is_erased_and_the_report_can_be_asked_for(keyed: Client) -> None:
    click = {"type": "click", "item": "i1"}
    events = [click | {"id": "a", "user": "gone/or not"}, click | {"id": "b", "user": "here"}]
    assert post(keyed, "events", {"events": events}).status_code == 202

    asked = post(keyed, "erasures", {"user": "gone/or not"})
    assert asked.status_code == 202
    assert (asked.json()["status"], asked.json()["report"]) == ("waiting", None)

    care.erase_people()
    state = keyed.get(asked["Location"]).json()
    assert state["status"] == "done"
    assert state["problem"] is None
    assert state["report"] == {
        "found": True,
        "events": 1,
        "exposures": 0,
        "old_files": 0,
        "history": 1,
        "slates": 0,
        "waiting": 0,
        "journals": 1,
        "models": [],
        "lists": [],
        "damaged": 0,
        "overrides": [],
    }
    assert "gone" not in str(state)
    assert open_log(settings.LOG_DIR).events().id.to_pyarrow().to_pylist() == ["b"]


def test_an_unknown_person_is_nothing_found(keyed: Client) -> None:
    asked = post(keyed, "erasures", {"user": "nobody"})
    care.erase_people()
    assert keyed.get(asked["Location"]).json()["report"]["found"] is False


def test_asking_again_while_it_waits_is_the_same_erasure_up_to_then(keyed: Client) -> None:
    first, second = (post(keyed, "erasures", {"user": "u"}).json() for _ in range(2))
    assert first.pop("requested_at") < second.pop("requested_at")
    assert first == second
    assert Erasure.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/user"),
        ({"user": ""}, "/user"),
        ({"user": "u\0"}, "/user"),
        ({"user": "u", "why": "x"}, "/why"),
    ],
)
def test_a_body_that_names_nobody_is_refused(
    keyed: Client, body: dict[str, str], pointer: str
) -> None:
    response = post(keyed, "erasures", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == pointer
    assert not Erasure.objects.exists()


def test_it_takes_a_key(client: Client) -> None:
    assert post(client, "erasures", {"user": "u"}).status_code == 401
    assert client.get("/api/v1/erasures/1").status_code == 401
    assert not Erasure.objects.exists()


def test_an_erasure_that_is_not_there_is_404(keyed: Client) -> None:
    response = keyed.get("/api/v1/erasures/7")
    assert response.status_code == 404
    assert response.json()["detail"] == "There is no erasure 7."
