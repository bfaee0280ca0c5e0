"""Layers, placements and holdouts: how traffic is divided before any experiment takes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from experiments import holdouts, places
from experiments.exceptions import Invalid, NotAllowed
from experiments.models import Experiment, Holdout, Layer, Placement
from people.actors import Actor
from people.models import AuditEntry
from tests.experiments.conftest import MakeRecommender

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = Actor("ada")


def entry(verb: str, kind: str) -> AuditEntry:
    return AuditEntry.objects.get(verb=verb, kind=kind)


def test_placements_of_one_layer_share_its_users(home: Placement) -> None:
    shared = places.create_layer(key="pages", name="Pages", now=NOW, actor=ADA)
    default = home.default_recommender
    for key in ("cart", "search"):
        places.create_placement(
            key=key, name=key, default_recommender=default, layer=shared, now=NOW, actor=ADA
        )

    assert [p.layer.key for p in Placement.objects.all()] == ["pages", "home", "pages"]
    assert Layer.objects.get(key="pages").unit == "user"
    assert entry("create", "layer").after == {"name": "Pages", "unit": "user"}


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"key": "Home!"}, "key", "“Home!” cannot be a key."),
        ({"key": "home"}, "key", "There is a layer “home” already."),
        ({"name": ""}, "name", "Give a name of 1 to 120 characters."),
        ({"unit": "session"}, "unit", "Give one of user, device."),
    ],
)
def test_a_layer_that_cannot_be_is_refused(
    home: Placement, given: dict[str, str], field: str, message: str
) -> None:
    written = AuditEntry.objects.count()
    with pytest.raises(Invalid) as refused:
        places.create_layer(**({"key": "pages", "name": "Pages"} | given), now=NOW, actor=ADA)

    assert (refused.value.field, refused.value.message.startswith(message)) == (field, True)
    assert (Layer.objects.count(), AuditEntry.objects.count()) == (1, written)


def test_a_placement_gets_another_default(
    home: Placement, make_recommender: MakeRecommender
) -> None:
    places.change_placement(
        home, default_recommender=make_recommender("ease"), now=LATER, actor=ADA
    )

    home.refresh_from_db()
    assert (home.name, home.default_recommender.key) == ("Home", "ease")
    change = entry("change", "placement")
    assert change.before is not None
    assert change.after is not None
    assert (change.before["default_recommender"], change.after["default_recommender"]) == (
        "popular",
        "ease",
    )


def test_a_layer_in_use_stays(home: Placement, draft: Experiment) -> None:
    with pytest.raises(NotAllowed, match=r"home is used by placement home\."):
        places.delete_layer(home.layer, now=NOW, actor=ADA)

    idle = places.create_layer(key="idle", name="Idle", now=NOW, actor=ADA)
    places.delete_layer(idle, now=LATER, actor=ADA)
    assert [layer.key for layer in Layer.objects.all()] == ["home"]


def test_a_holdout_grows_shrinks_and_ends(home: Placement) -> None:
    held = holdouts.create_holdout(
        key="everywhere", name="Everywhere", share=Decimal("0.05"), now=NOW, actor=ADA
    )
    holdouts.change_holdout(held, share=Decimal("0.1"), now=NOW, actor=ADA)
    holdouts.end_holdout(held, now=LATER, actor=ADA)

    held.refresh_from_db()
    assert (held.layer, held.share, held.ended_at) == (None, Decimal("0.1"), LATER)
    assert len(held.seed) == 16
    change = entry("change", "holdout")
    assert change.before == {"layer": None, "share": "0.0500", "ended_at": None}
    with pytest.raises(NotAllowed, match=r"everywhere has ended\. Create another one\."):
        holdouts.end_holdout(held, now=LATER, actor=ADA)
    with pytest.raises(NotAllowed):
        holdouts.change_holdout(held, share=Decimal("0.2"), now=LATER, actor=ADA)


@pytest.mark.parametrize("share", ["0", "0.6", "0.00015", "-0.1"])
def test_a_share_that_cannot_be_held_out_is_refused(share: str) -> None:
    with pytest.raises(Invalid) as refused:
        holdouts.create_holdout(key="x", name="X", share=Decimal(share), now=NOW, actor=ADA)

    assert refused.value.field == "share"
    assert refused.value.message == "Give a share from 0.1% to 50%, in steps of 0.01%."
    assert not Holdout.objects.exists()
