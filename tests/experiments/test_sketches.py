"""Forms that are filled in as far as somebody came: kept as typed, and never lost to another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from experiments import sketches
from experiments.exceptions import Invalid, NotAllowed
from experiments.models import Experiment, Sketch
from experiments.sketches import Overtaken
from people.actors import Actor
from people.models import AuditEntry
from serving import building

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA, MAYA = Actor("ada"), Actor("maya")

pytestmark = pytest.mark.django_db


def typed(
    sketch: Sketch | None,
    fields: dict[str, str],
    *,
    step: str = "setup",
    page: str = "p1",
    seen: int | None = 0,
    actor: Actor = ADA,
    minutes: int = 0,
) -> Sketch:
    return sketches.save(
        sketch,
        step=step,
        fields=fields,
        page=page,
        seen=seen,
        now=NOW + timedelta(minutes=minutes),
        actor=actor,
    )


def test_it_is_kept_as_typed_right_or_wrong_and_makes_no_experiment() -> None:
    sketch = typed(None, {"name": "", "traffic": "much"})

    assert (sketch.fields, sketch.saved_by, sketch.saved_at) == (
        {"name": "", "traffic": "much"},
        "ada",
        NOW,
    )
    assert not Experiment.objects.exists()
    assert building.build(1).experiments == ()
    assert not AuditEntry.objects.exists()


def test_steps_are_kept_one_by_one() -> None:
    sketch = typed(None, {"name": "Home"})

    sketch = typed(sketch, {"method": "fixed"}, step="measurement", page="p2")
    sketch = typed(sketch, {"name": "Cart"}, seen=1)

    assert sketch.fields == {"name": "Cart", "method": "fixed"}
    numbers = [sketches.last_save(sketch, step) for step in ("setup", "measurement", "review")]
    assert [last and last.number for last in numbers] == [2, 1, None]


def test_a_page_that_begins_twice_begins_one() -> None:
    first = typed(None, {"name": "H"})
    second = typed(None, {"name": "Home"})

    assert first.pk == second.pk
    assert Sketch.objects.get().fields == {"name": "Home"}


def test_the_later_of_two_people_is_told_and_neither_text_is_lost() -> None:
    sketch = typed(None, {"name": "Home"})
    typed(sketch, {"name": "Hers"}, page="p2", seen=1, actor=MAYA, minutes=3)

    with pytest.raises(Overtaken) as told:
        typed(sketch, {"name": "Mine"}, page="p3", seen=1)

    assert (told.value.by.by, told.value.by.at) == ("maya", NOW + timedelta(minutes=3))
    assert Sketch.objects.get().fields == {"name": "Hers"}


def test_a_page_is_not_overtaken_by_its_own_save() -> None:
    sketch = typed(None, {"name": "Home"}, page="p1")
    typed(sketch, {"name": "Home c"}, page="p1", seen=1)

    typed(sketch, {"name": "Home ctr"}, page="p1", seen=1)

    assert Sketch.objects.get().fields == {"name": "Home ctr"}


def test_two_steps_are_in_nobodys_way() -> None:
    sketch = typed(None, {"name": "Home"})

    typed(sketch, {"method": "fixed"}, step="measurement", page="p2", actor=MAYA)
    typed(sketch, {"name": "Cart"}, seen=1)

    assert Sketch.objects.get().fields == {"name": "Cart", "method": "fixed"}


def test_whoever_says_so_saves_over_the_other() -> None:
    sketch = typed(None, {"name": "Home"})
    typed(sketch, {"name": "Hers"}, page="p2", seen=1, actor=MAYA)

    typed(sketch, {"name": "Mine"}, page="p3", seen=None)

    assert Sketch.objects.get().fields == {"name": "Mine"}


def test_what_is_gone_is_said_and_not_begun_anew() -> None:
    sketch = typed(None, {"name": "Home"})
    sketches.discard(sketch)

    with pytest.raises(NotAllowed, match="look for it among the experiments"):
        typed(sketch, {"name": "Cart"}, seen=1)

    assert not Sketch.objects.exists()


@pytest.mark.parametrize(
    ("fields", "page", "field"),
    [
        ({"hypothesis": "x" * 20_001}, "p1", "hypothesis"),
        ({"name": "a\0b"}, "p1", "name"),
        ({f"f{n}": "" for n in range(501)}, "p1", None),
        ({"name": "Home"}, "", None),
        ({"name": "Home"}, "x" * 33, None),
        ({"name": "Home"}, "a b", None),
    ],
)
def test_what_no_form_sends_is_refused(
    fields: dict[str, str], page: str, field: str | None
) -> None:
    with pytest.raises(Invalid) as error:
        typed(None, fields, page=page)

    assert error.value.field == field
    assert not Sketch.objects.exists()
