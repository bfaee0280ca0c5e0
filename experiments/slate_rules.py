"""The rules of a placement's slates: kept with it, changed list by list, told in the trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from django.db import transaction

from experiments.assignment.slate_rules import Conflict, Pin, SlateRules, check
from experiments.exceptions import Invalid, NotAllowed
from experiments.models import Placement
from people import trail
from people.actors import Actor

Edit = Callable[[SlateRules], SlateRules]
BURIED = {"item": "bury_items", "category": "bury_categories"}


def of(placement: Placement) -> SlateRules:
    return msgspec.convert(placement.rules, SlateRules)


def change_rules(
    placement: Placement, edit: Edit, *, now: datetime, actor: Actor, why: str = ""
) -> SlateRules:
    """Keeps what `edit` makes of the rules there are. Raises Invalid, naming the rule."""
    with transaction.atomic():
        row = Placement.objects.select_for_update().get(pk=placement.pk)
        before, after = of(row), edit(of(row))
        try:
            check(after)
        except Conflict as error:
            raise Invalid(error.message, field=error.field) from None
        if after != before:
            _keep(row, before, after, now=now, actor=actor, why=why)
    return after


def pin(placement: Placement, *, item: str, position: int, now: datetime, actor: Actor) -> None:
    """Raises Invalid (item, position)."""
    one = Pin(item=item, position=position)
    _add(placement, "pins", one, now=now, actor=actor)


def bury(placement: Placement, *, what: str, name: str, now: datetime, actor: Actor) -> None:
    """`what` is item or category. Raises Invalid (what, name)."""
    if what not in BURIED:
        raise Invalid("Give item or category.", field="what")
    _add(placement, BURIED[what], name, now=now, actor=actor)


def remove(placement: Placement, *, rule: str, name: str, now: datetime, actor: Actor) -> None:
    """Takes back the pin of an item, or a burying; `rule` is the list it is in. Raises NotAllowed
    where it is gone already.
    """

    def edit(rules: SlateRules) -> SlateRules:
        held = getattr(rules, rule) if rule in SlateRules.__struct_fields__ else ()
        kept = tuple(one for one in held if name != (one.item if isinstance(one, Pin) else one))
        if kept == held:
            raise NotAllowed("There is no such rule any more.")
        return msgspec.structs.replace(rules, **{rule: kept})

    change_rules(placement, edit, now=now, actor=actor)


def _add(placement: Placement, rule: str, one: object, *, now: datetime, actor: Actor) -> None:
    def edit(rules: SlateRules) -> SlateRules:
        return msgspec.structs.replace(rules, **{rule: (*getattr(rules, rule), one)})

    try:
        change_rules(placement, edit, now=now, actor=actor)
    except Invalid as error:
        last = str(error.field).rsplit("/", 1)[-1]
        asked = last if last == "position" else "item" if rule == "pins" else "name"
        raise Invalid(error.message, field=asked) from None


def _keep(
    row: Placement,
    before: SlateRules,
    after: SlateRules,
    *,
    now: datetime,
    actor: Actor,
    why: str,
) -> None:
    row.rules = msgspec.to_builtins(after)
    row.save(update_fields=["rules"])
    was, will = msgspec.to_builtins(before), msgspec.to_builtins(after)
    changed = [field for field in will if was[field] != will[field]]
    trail.record(
        at=now,
        actor=actor,
        verb="set rules",
        kind="placement",
        key=row.key,
        before={field: was[field] for field in changed},
        after={field: will[field] for field in changed},
        why=why,
    )
