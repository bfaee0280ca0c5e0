"""Layers, placements and holdouts: how traffic is divided before any experiment takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from experiments import holdouts, places
from experiments.checks import VariantSpec
from experiments.drafts import LayerShare
from experiments.exceptions import Invalid, NotAllowed
from experiments.measurement import Measurement
from experiments.models import Experiment, Holdout, Layer, Placement
from people.actors import Actor
from people.models import AuditEntry
from tests.acting import create_experiment
from tests.experiments.conftest import MakeRecommender

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = Actor("ada")


def create_holdout(*, key: str, layer: Layer) -> Holdout:
    return holdouts.create_holdout(
        key=key, name="Some", share=Decimal("0.05"), layer=layer, now=NOW, actor=ADA
    )


def halves(home: Placement) -> list[VariantSpec]:
    return [
        VariantSpec(recommender=home.default_recommender, weight=Decimal("0.5")) for _ in range(2)
    ]


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
    with pytest.raises(NotAllowed, match=r"idle is deleted already\."):
        places.delete_layer(idle, now=LATER, actor=ADA)
    assert AuditEntry.objects.filter(verb="delete", kind="layer").count() == 1


def test_a_layer_stays_though_it_was_idle_when_it_was_read(home: Placement) -> None:
    shared = places.create_layer(key="pages", name="Pages", now=NOW, actor=ADA)
    read = Layer.objects.prefetch_related("placements", "holdouts", "memberships").get(key="pages")
    places.create_placement(
        key="cart",
        name="Cart",
        default_recommender=home.default_recommender,
        layer=shared,
        now=NOW,
        actor=ADA,
    )
    create_holdout(key="some", layer=shared)
    create_experiment(
        name="Home CTR",
        placement=home,
        variants=halves(home),
        measurement=Measurement(goals=("ctr",)),
        layers=[LayerShare(layer=shared)],
    )

    with pytest.raises(NotAllowed) as refused:
        places.delete_layer(read, now=LATER, actor=ADA)

    assert refused.value.message == (
        "pages is used by placement cart, holdout some, experiment home-ctr."
    )
    assert Layer.objects.filter(key="pages").exists()
    assert not AuditEntry.objects.filter(verb="delete").exists()


def test_nothing_is_put_into_a_layer_that_was_deleted_a_moment_ago(home: Placement) -> None:
    gone = places.create_layer(key="gone", name="Gone", now=NOW, actor=ADA)
    places.delete_layer(Layer.objects.get(key="gone"), now=NOW, actor=ADA)
    makers: list[Callable[[], object]] = [
        lambda: create_holdout(key="some", layer=gone),
        lambda: places.create_placement(
            key="cart",
            name="Cart",
            default_recommender=home.default_recommender,
            layer=gone,
            now=NOW,
            actor=ADA,
        ),
    ]

    for make in makers:
        with pytest.raises(Invalid) as refused:
            make()
        assert refused.value.field == "layer"
        assert refused.value.message == "gone was deleted a moment ago. Choose another layer."

    assert (Holdout.objects.count(), Placement.objects.get()) == (0, home)


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
