"""Who sees a variant whatever the split says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from experiments import moves, overrides
from experiments.exceptions import Invalid, NotAllowed
from experiments.models import Experiment, Override
from people.actors import Actor
from people.models import AuditEntry

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADA = Actor("ada")


def test_a_user_has_one_override_which_another_takes_the_place_of(draft: Experiment) -> None:
    overrides.set_override(draft, user="qa-1", variant="item-knn", now=NOW, actor=ADA)
    overrides.set_override(draft, user="qa-1", variant="popular", now=NOW, actor=ADA)

    assert [(o.user, o.variant.key) for o in draft.overrides.all()] == [("qa-1", "popular")]
    assert [e.why for e in AuditEntry.objects.filter(verb="override")] == [
        "One user sees popular.",
        "One user sees item-knn.",
    ]

    overrides.remove_override(draft, user="qa-1", now=NOW, actor=ADA)
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("user", "variant", "field"),
    [("", "popular", "user"), ("x" * 257, "popular", "user"), ("qa", "luck", "variant")],
)
def test_an_override_that_cannot_be_is_refused(
    draft: Experiment, user: str, variant: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        overrides.set_override(draft, user=user, variant=variant, now=NOW, actor=ADA)

    assert refused.value.field == field
    assert not Override.objects.exists()
    draft.refresh_from_db()
    assert draft.version == 1


def test_there_is_nothing_to_override_at_the_end(draft: Experiment) -> None:
    moves.start(draft, now=NOW, actor=ADA)
    moves.stop(draft, now=NOW, actor=ADA)

    with pytest.raises(NotAllowed, match="A stopped experiment shows nobody anything"):
        overrides.set_override(draft, user="qa", variant="popular", now=NOW, actor=ADA)


def test_removing_what_is_not_there_is_said(draft: Experiment) -> None:
    with pytest.raises(Invalid, match="There is no override for “qa”"):
        overrides.remove_override(draft, user="qa", now=NOW, actor=ADA)
