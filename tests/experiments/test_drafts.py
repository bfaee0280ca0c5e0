from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection

from experiments import drafts, selectors
from experiments.checks import VariantSpec
from experiments.drafts import Draft, LayerShare, change_draft, delete_draft
from experiments.exceptions import Invalid, NotAllowed, Taken
from experiments.measurement import Measurement
from experiments.models import Experiment, Layer, Phase, Placement, Variant
from experiments.ramps import Ramp, Step, ramp_of
from people.models import AuditEntry
from recommenders.models import Recommender
from tests.acting import (
    MADE,
    TESTER,
    create_experiment,
    create_placement,
    start_experiment,
    stop_experiment,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MakeRecommender = Callable[..., Recommender]


def create(home: Placement, weights: list[str], **changes: object) -> Experiment:
    given: dict[str, object] = {
        "name": "Learned ranking",
        "placement": home,
        "variants": [
            VariantSpec(recommender=home.default_recommender, weight=Decimal(w)) for w in weights
        ],
        "measurement": Measurement(goals=("ctr",)),
    }
    return create_experiment(**(given | changes))


def test_a_draft_has_its_arms_in_order_and_takes_no_users(draft: Experiment) -> None:
    assert draft.key == "home-ctr"
    assert draft.status == "draft"
    assert draft.slots == []
    assert [(v.letter, v.key, v.weight) for v in draft.variants.all()] == [
        ("A", "popular", Decimal("0.5000")),
        ("B", "item-knn", Decimal("0.5000")),
    ]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Refute <b>one</b>", "refute-b-one-b"),
        ("Cart/checkout: v1.2", "cart-checkout-v1-2"),
        ("Don't   wait_for, me!", "dont-wait-for-me"),
        ("Caf\u00e9 au lait", "cafe-au-lait"),
        ("\u041b\u0435\u043d\u0442\u0430 2", "experiment-2"),
    ],
)
def test_the_words_of_a_name_stay_words_in_its_key(home: Placement, name: str, key: str) -> None:
    assert create(home, ["0.5", "0.5"], name=name).key == key


def test_a_key_that_was_given_stays_with_its_arm(home: Placement) -> None:
    arms = [
        VariantSpec(recommender=home.default_recommender, weight=Decimal("0.5"), key=key)
        for key in (None, "popular")
    ]

    experiment = create(home, [], variants=arms)

    assert [v.key for v in experiment.variants.all()] == ["popular-arm-2", "popular"]


def test_a_condition_is_kept_as_given(home: Placement) -> None:
    condition = {"country": {"$in": ["NL", "BE"]}}

    assert create(home, ["0.5", "0.5"], condition=condition).condition == condition


def test_a_condition_that_could_not_be_routed_by_is_refused(home: Placement) -> None:
    with pytest.raises(Invalid) as refused:
        create(home, ["0.5", "0.5"], condition={"$or": [{"country": {"$foo": "NL"}}]})

    assert refused.value.field == "condition/$or/0/country/$foo"
    assert not Experiment.objects.exists()


def test_two_arms_of_one_recommender_get_keys_of_their_own(home: Placement) -> None:
    experiment = create(home, ["0.5", "0.25", "0.25"])

    keys = [variant.key for variant in experiment.variants.all()]
    assert keys == ["popular", "popular-arm-2", "popular-arm-3"]


def test_arms_of_the_longest_key_fit_their_column(
    home: Placement, make_recommender: MakeRecommender
) -> None:
    long = make_recommender("k" * 64)
    arms = [VariantSpec(recommender=long, weight=Decimal("0.5"))] * 2
    experiment = create(home, [], variants=arms)

    assert [v.key for v in experiment.variants.all()] == ["k" * 64, "k" * 58 + "-arm-2"]


def test_keys_of_arms_never_meet(home: Placement, make_recommender: MakeRecommender) -> None:
    popular, second = home.default_recommender, make_recommender("popular-arm-2")
    arms = [
        VariantSpec(recommender=one, weight=Decimal(weight))
        for one, weight in ((popular, "0.5"), (second, "0.25"), (popular, "0.25"))
    ]
    experiment = create(home, [], variants=arms)

    keys = [variant.key for variant in experiment.variants.all()]
    assert keys == ["popular", "popular-arm-2", "popular-arm-3"]


@pytest.mark.parametrize("key", ["x" * 65, "Popular", "a b", "key\n", ""])
def test_a_bad_key_of_an_arm_is_named_and_nothing_is_made(home: Placement, key: str) -> None:
    half, recommender = Decimal("0.5"), home.default_recommender
    arms = [
        VariantSpec(recommender=recommender, weight=half),
        VariantSpec(recommender=recommender, weight=half, key=key),
    ]
    with pytest.raises(Invalid) as refused:
        create(home, [], variants=arms)

    assert refused.value.field == "variants/1/key"
    assert (Experiment.objects.count(), Variant.objects.count()) == (0, 0)


def test_a_key_made_from_a_name_is_a_key(home: Placement) -> None:
    assert create(home, ["0.5", "0.5"], name="Ranking _ v2 _- " + "x" * 90).key == (
        "ranking-v2-" + "x" * 45
    )


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"key": "x" * 65}, "key", "Give a key of at most 64 characters."),
        ({"key": "Cart"}, "key", "“Cart” cannot be a key. Use lower-case letters"),
        ({"key": "cart\n"}, "key", "“cart\n” cannot be a key."),
        ({"key": "home"}, "key", "There is a placement “home” already."),
        ({"key": "shared"}, "key", "There is a layer “shared” already"),
        ({"name": " "}, "name", "Give a name of 1 to 120 characters."),
        ({"name": "x" * 121}, "name", "Give a name of 1 to 120 characters."),
    ],
)
def test_a_placement_that_cannot_be_is_refused_and_nothing_is_made(
    home: Placement, changes: dict[str, str], field: str, message: str
) -> None:
    Layer.objects.create(key="shared")
    given = {"key": "cart", "name": "Cart"} | changes

    with pytest.raises(Invalid) as refused:
        create_placement(**given, default_recommender=home.default_recommender)

    assert refused.value.field == field
    assert refused.value.message.startswith(message)
    assert (Placement.objects.count(), Layer.objects.count()) == (1, 2)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": "  "}, "name", "Give a name that begins with a letter."),
        ({"name": "x" * 121}, "name", "Give a name of at most 120 characters."),
        ({"traffic": Decimal("1.1")}, "traffic", "Give a share of traffic from 1% to 100%."),
        ({"traffic": Decimal("0.12345")}, "traffic", "Give a share in steps of 0.01%"),
        ({"measurement": Measurement(goals=("luck",))}, "goals/0", "Choose one of ctr,"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_made(
    home: Placement, changes: dict[str, object], field: str, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        create(home, ["0.5", "0.5"], **changes)

    assert refused.value.field == field
    assert refused.value.message.startswith(message)
    assert Experiment.objects.count() == 0


@pytest.mark.parametrize(
    ("weights", "field", "message"),
    [
        (["0.5", "0.4"], "variants", "The weights sum to 90.00%."),
        (["1"], "variants", "An experiment compares 2 to 6 variants; this one has 1."),
        (["1.2", "-0.2"], "variants/0/weight", "Give a weight above 0% and at most 100%."),
        (["1", "0"], "variants/1/weight", "Give a weight above 0% and at most 100%."),
        (["0.33333", "0.66667"], "variants/0/weight", "Give a weight in steps of 0.01%"),
    ],
)
def test_bad_weights_are_refused_and_nothing_is_made(
    home: Placement, weights: list[str], field: str, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        create(home, weights)

    assert refused.value.field == field
    assert refused.value.message.startswith(message)
    assert (Experiment.objects.count(), Variant.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Эксперимент", "experiment"),
        ("ホーム 2", "experiment-2"),
        ("Élan — vital", "elan-vital"),
        ("“Quoted” name", "quoted-name"),
    ],
)
def test_names_are_in_any_script_and_keys_follow_as_far_as_they_can(
    home: Placement, name: str, key: str
) -> None:
    experiment = create(home, ["0.5", "0.5"], name=name)

    assert (experiment.name, experiment.key) == (name, key)
    assert create(home, ["0.5", "0.5"], name=f"{name} {name}").key != key


def test_a_key_that_another_took_at_the_last_moment_is_named(
    home: Placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = drafts._write

    def after_another(experiment: Experiment, draft: Draft) -> None:
        write(Experiment(key=experiment.key), replace(draft, name="Another"))
        write(experiment, draft)

    monkeypatch.setattr(drafts, "_write", after_another)
    with pytest.raises(Invalid) as refused:
        create(home, ["0.5", "0.5"], key="mine")

    assert refused.value.field == "key"
    assert refused.value.message == "There is an experiment “mine” already."


def change_after(
    monkeypatch: pytest.MonkeyPatch, draft: Experiment, happens: Callable[[], object]
) -> None:
    """Changes the draft to be named Learned; something happens once it has been checked."""
    write = drafts._write

    def after(experiment: Experiment, given: Draft) -> None:
        monkeypatch.setattr(drafts, "_write", write)
        happens()
        write(experiment, given)

    monkeypatch.setattr(drafts, "_write", after)
    given = Draft(
        name="Learned",
        placement=draft.placement,
        variants=[
            VariantSpec(recommender=v.recommender, weight=v.weight) for v in draft.variants.all()
        ],
        measurement=draft.measured,
        layers=[LayerShare(layer=layer) for layer in Layer.objects.exclude(pk=draft.layer_id)],
    )
    change_draft(draft, given, now=NOW, actor=TESTER)


def test_a_changed_draft_says_that_its_name_was_taken_at_the_last_moment(
    draft: Experiment, home: Placement, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Taken) as refused:
        change_after(monkeypatch, draft, lambda: create(home, ["0.5", "0.5"], name="LEARNED"))

    assert refused.value.field == "name"
    assert refused.value.message == ("An experiment named “Learned” exists. Choose another name.")
    assert Experiment.objects.get().name == "Home CTR"


def test_a_changed_draft_says_that_a_layer_of_it_is_gone(
    draft: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    Layer.objects.create(key="pages", name="Pages")

    with pytest.raises(Invalid) as refused:
        change_after(monkeypatch, draft, lambda: Layer.objects.get(key="pages").delete())

    assert refused.value.field == "layers/0/layer"
    assert refused.value.message == "pages was deleted a moment ago. Choose another layer."
    assert Experiment.objects.get().name == "Home CTR"


def test_what_else_the_database_refuses_is_said_of_no_name(
    draft: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same_place() -> None:
        Variant.objects.create(
            experiment=draft,
            position=0,
            key="other",
            recommender=draft.placement.default_recommender,
            weight=Decimal(1),
        )

    with pytest.raises(IntegrityError):
        change_after(monkeypatch, draft, same_place)

    assert Experiment.objects.get().name == "Home CTR"


def test_a_name_is_taken_whatever_its_case(draft: Experiment, home: Placement) -> None:
    with pytest.raises(Invalid) as refused:
        create(home, ["0.5", "0.5"], name="HOME ctr")

    assert refused.value.field == "name"
    assert Experiment.objects.get() == draft


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL goes by its locale")
def test_so_is_a_name_of_other_letters(home: Placement) -> None:
    create(home, ["0.5", "0.5"], name="Élan")

    with pytest.raises(Taken, match="An experiment named “éLAN” exists"):
        create(home, ["0.5", "0.5"], name="éLAN")

    assert Experiment.objects.get().name == "Élan"


def test_starting_claims_users_and_opens_the_first_phase(draft: Experiment) -> None:
    running = start_experiment(draft, now=NOW)

    assert running.status == "running"
    assert running.slots == [(0, 8000)]
    phase = running.phases.get()
    assert (phase.number, phase.started_at) == (1, NOW)
    assert phase.ranges == {"popular": [[0, 5000]], "item-knn": [[5000, 10000]]}
    assert selectors.free_share(running.layer) == Decimal("0.2")


def test_an_arm_without_a_trained_model_cannot_start(
    home: Placement, make_recommender: MakeRecommender
) -> None:
    untrained = make_recommender("conv-ctr", trained=False)
    arms = [
        VariantSpec(recommender=r, weight=Decimal("0.5"))
        for r in (home.default_recommender, untrained)
    ]
    experiment = create(home, [], variants=arms)

    with pytest.raises(NotAllowed, match="conv-ctr has no trained model yet: train it first"):
        start_experiment(experiment, now=NOW)

    experiment.refresh_from_db()
    assert (experiment.status, experiment.slots) == ("draft", [])
    assert not Phase.objects.exists()


def test_two_experiments_of_a_layer_cannot_take_more_than_all_its_users(
    draft: Experiment, home: Placement
) -> None:
    start_experiment(draft, now=NOW)
    second = create(home, ["0.5", "0.5"], traffic=Decimal("0.3"))

    with pytest.raises(NotAllowed, match="has 20% of its users free and this experiment wants 30%"):
        start_experiment(second, now=NOW)

    second.refresh_from_db()
    assert second.status == "draft"


def test_stopping_ends_the_phase_and_frees_the_users(draft: Experiment) -> None:
    start_experiment(draft, now=NOW)

    stopped = stop_experiment(draft, now=NOW)

    assert (stopped.status, stopped.slots) == ("stopped", [])
    assert stopped.phases.get().ended_at == NOW
    assert selectors.free_share(stopped.layer) == 1


@pytest.mark.parametrize("move", ["start", "stop"])
def test_a_stopped_experiment_moves_no_more(draft: Experiment, move: str) -> None:
    start_experiment(draft, now=NOW)
    stop_experiment(draft, now=NOW)

    with pytest.raises(NotAllowed, match=f"A stopped experiment cannot {move}"):
        {"start": start_experiment, "stop": stop_experiment}[move](draft, now=NOW)


def test_a_draft_is_made_otherwise_whole(draft: Experiment, home: Placement) -> None:
    new = Draft(
        name="Ranking",
        placement=home,
        variants=[
            VariantSpec(recommender=home.default_recommender, weight=Decimal(w), key=key)
            for key, w in (("control", "0.9"), ("same", "0.1"))
        ],
        measurement=Measurement(goals=("clicked",)),
        hypothesis="It does nothing.",
        traffic=Decimal("0.3"),
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=8),
    )

    changed = change_draft(draft, new, now=NOW, actor=TESTER)

    assert (changed.key, changed.name, changed.version) == ("home-ctr", "Ranking", 2)
    assert [(v.key, v.weight) for v in changed.variants.all()] == [
        ("control", Decimal("0.9")),
        ("same", Decimal("0.1")),
    ]
    assert changed.measured.goals == ("clicked",)
    assert (changed.traffic, changed.starts_at, changed.ends_at) == (
        Decimal("0.3"),
        NOW + timedelta(days=1),
        NOW + timedelta(days=8),
    )
    entry = AuditEntry.objects.get(verb="change")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["name"], entry.after["name"]) == ("Home CTR", "Ranking")


def test_a_bad_change_leaves_the_draft_as_it_was(draft: Experiment, home: Placement) -> None:
    half = VariantSpec(recommender=home.default_recommender, weight=Decimal("0.5"))
    new = Draft(
        name="Ranking", placement=home, variants=[half], measurement=Measurement(goals=("ctr",))
    )
    with pytest.raises(Invalid, match="compares 2 to 6 variants; this one has 1"):
        change_draft(draft, new, now=NOW, actor=TESTER)

    draft.refresh_from_db()
    assert (draft.name, draft.version, draft.variants.count()) == ("Home CTR", 1, 2)
    assert not AuditEntry.objects.filter(verb="change").exists()


def test_what_has_started_is_no_draft(draft: Experiment, home: Placement) -> None:
    start_experiment(draft, now=NOW)
    arms = [VariantSpec(recommender=home.default_recommender, weight=Decimal("0.5"))] * 2
    new = Draft(
        name="Ranking", placement=home, variants=arms, measurement=Measurement(goals=("ctr",))
    )
    with pytest.raises(NotAllowed, match="A running experiment is no draft any more"):
        change_draft(draft, new, now=NOW, actor=TESTER)
    with pytest.raises(NotAllowed, match=r"A running experiment is kept\. Archive it instead\."):
        delete_draft(draft, now=NOW, actor=TESTER)

    draft.refresh_from_db()
    assert (draft.name, draft.version) == ("Home CTR", 2)


def test_a_deleted_draft_leaves_its_name_and_a_trace(draft: Experiment, home: Placement) -> None:
    delete_draft(draft, now=NOW, actor=TESTER)

    assert not Experiment.objects.exists()
    entry = AuditEntry.objects.get(verb="delete")
    assert (entry.key, entry.by, entry.after) == ("home-ctr", "tester", None)
    assert create(home, ["0.5", "0.5"], name="Home CTR").key == "home-ctr"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"starts_at": MADE}, "starts_at"),
        ({"ends_at": MADE}, "ends_at"),
        ({"starts_at": MADE + timedelta(2), "ends_at": MADE + timedelta(1)}, "ends_at"),
        ({"key": "No Key"}, "key"),
        ({"key": "home-ctr"}, "key"),
        ({"ramp": Ramp(steps=(Step(share=Decimal("0.1")),))}, "ramp/steps"),
        (
            {"ramp": Ramp(steps=(Step(share=Decimal("0.1")), Step(share=Decimal("0.1"))))},
            "ramp/steps/1/share",
        ),
    ],
)
def test_a_schedule_a_key_or_a_ramp_that_cannot_be_is_refused(
    draft: Experiment, home: Placement, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        create(home, ["0.5", "0.5"], **changes)

    assert refused.value.field == field
    assert Experiment.objects.get() == draft


def test_a_further_layer_is_named_once_and_is_not_the_placements_own(home: Placement) -> None:
    search = Layer.objects.create(key="search")
    for layers, field in (
        ([LayerShare(layer=home.layer)], "layers/0/layer"),
        ([LayerShare(layer=search)] * 2, "layers/1/layer"),
        ([LayerShare(layer=search, share=Decimal(2))], "layers/0/share"),
    ):
        with pytest.raises(Invalid) as refused:
            create(home, ["0.5", "0.5"], layers=layers)
        assert refused.value.field == field


def test_a_ramp_starts_at_its_first_step_and_claims_its_last(home: Placement) -> None:
    steps = tuple(Step(share=Decimal(share), hours=1) for share in ("0.1", "0.4"))
    experiment = create(home, ["0.5", "0.5"], ramp=Ramp(steps=steps))

    running = start_experiment(experiment, now=NOW)

    assert (running.traffic, running.slots, running.reserved) == (
        Decimal("0.1"),
        [(0, 1000)],
        [(0, 4000)],
    )
    ramp = ramp_of(running)
    assert ramp is not None
    assert (ramp.state, ramp.at, ramp.since) == ("climbing", 0, NOW)


def test_the_trail_tells_all_that_a_change_of_a_draft_changed(
    draft: Experiment, home: Placement
) -> None:
    search = Layer.objects.create(key="search")
    cart = create_placement(key="cart", name="Cart", default_recommender=home.default_recommender)
    arms = [
        VariantSpec(recommender=home.default_recommender, weight=Decimal(weight), key=key)
        for key, weight in (("old", "0.9"), ("same", "0.1"))
    ]
    change_draft(
        draft,
        Draft(
            name=draft.name,
            placement=cart,
            variants=arms,
            measurement=Measurement(goals=("clicks_per_user",)),
            traffic=Decimal("0.8"),
            layers=[LayerShare(layer=search, share=Decimal("0.5"))],
        ),
        now=NOW,
        actor=TESTER,
    )

    entry = AuditEntry.objects.get(verb="change")
    before, after = entry.before or {}, entry.after or {}
    changed = {field for field in after if before[field] != after[field]}
    assert changed == {"placement", "variants", "measurement", "layers"}
    assert (before["placement"], after["placement"]) == ("home", "cart")
    assert before["variants"][1] == {
        "key": "item-knn",
        "recommender": "item-knn",
        "weight": "0.5000",
    }
    assert after["variants"][0] == {"key": "old", "recommender": "popular", "weight": "0.9000"}
    assert after["measurement"]["goals"] == ["clicks_per_user"]
    assert after["layers"] == [{"layer": "search", "share": "0.5000", "slots": []}]
