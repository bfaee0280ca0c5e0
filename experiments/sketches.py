"""Forms that are filled in as far as somebody came. They are kept field by field as typed, right or
wrong; `drafts` decides what an experiment may be, once it is to be one.

Steps are saved one by one, so that two people in two steps are in nobody's way. Saves are no
decisions and leave the audit trail alone: it tells of the draft that comes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from experiments.exceptions import ExperimentError, Invalid, NotAllowed
from experiments.models import Experiment, Sketch
from people.actors import Actor

MOST_FIELDS = 500
LONGEST_VALUE = 20_000
LONGEST_PAGE = 32

Fields = Mapping[str, str]


class Save(msgspec.Struct, frozen=True, kw_only=True):
    """The last save of a step: the page that sent it, who, and when. `number` counts them."""

    number: int
    page: str
    by: str
    at: datetime


class Overtaken(ExperimentError):
    """Somebody else saved the step after this page was opened. `by` says who and when."""

    def __init__(self, by: Save) -> None:
        super().__init__(f"{by.by} saved this step after you opened it.")
        self.by = by


def save(
    sketch: Sketch | None,
    *,
    step: str,
    fields: Fields,
    page: str,
    seen: int | None,
    now: datetime,
    actor: Actor,
    of: Experiment | None = None,
    base: Fields | None = None,
) -> Sketch:
    """Keeps the fields of one step, all of them; without a sketch, in a new one, `of` a draft whose
    fields are `base`.

    `page` is a word of the page's own. `seen` is the number of the save that the page was made
    from, 0 for none, None to save whatever came between. Raises Overtaken where another page saved
    the step meanwhile, NotAllowed where the sketch is gone, and Invalid; then nothing is changed.
    """
    _check(fields, page)
    with transaction.atomic():
        row = _locked(sketch, page=page, now=now, actor=actor, of=of, base=base or {})
        last = last_save(row, step)
        if last and seen is not None and last.number != seen and last.page != page:
            raise Overtaken(last)
        made = Save(number=last.number + 1 if last else 1, page=page, by=actor.name, at=now)
        row.fields = row.fields | dict(fields)
        row.saves = row.saves | {step: msgspec.to_builtins(made)}
        row.saved_by, row.saved_at = actor.name, now
        row.save()
    return row


def last_save(sketch: Sketch, step: str) -> Save | None:
    """The last save of the step; None before the first."""
    kept = sketch.saves.get(step)
    return None if kept is None else msgspec.convert(kept, Save)


def of_draft(experiment: Experiment) -> Sketch | None:
    """What was typed of the draft and is not part of it yet."""
    return Sketch.objects.filter(experiment=experiment).first()


def unfinished() -> QuerySet[Sketch]:
    """Those that are no draft yet, the last one typed first."""
    return Sketch.objects.filter(experiment=None)


def discard(sketch: Sketch) -> None:
    """Nothing is left of it; a draft that it is of stays as it is."""
    Sketch.objects.filter(pk=sketch.pk).delete()


def _locked(
    sketch: Sketch | None,
    *,
    page: str,
    now: datetime,
    actor: Actor,
    of: Experiment | None,
    base: Fields,
) -> Sketch:
    """The row, for this transaction alone; a page that begins twice begins one."""
    if sketch is None:
        fresh = {
            "fields": dict(base),
            "base": dict(base),
            "created_by": actor.user,
            "saved_by": actor.name,
            "saved_at": now,
        }
        if of is None:
            sketch, _ = Sketch.objects.get_or_create(begun_on=page, defaults=fresh)
        else:
            fresh |= {"begun_on": page, "seed": of.seed}
            sketch, _ = Sketch.objects.get_or_create(experiment=of, defaults=fresh)
    row = Sketch.objects.select_for_update().filter(pk=sketch.pk).first()
    if row is None:
        raise NotAllowed(
            "This is saved as a draft, or discarded, since you opened it: look for it among the "
            "experiments."
        )
    return row


def _check(fields: Fields, page: str) -> None:
    if not 1 <= len(page) <= LONGEST_PAGE or not page.isalnum():
        raise Invalid(f"Give the page a word of 1 to {LONGEST_PAGE} letters or digits.")
    if len(fields) > MOST_FIELDS:
        raise Invalid(f"Give at most {MOST_FIELDS} fields.")
    for name, typed in fields.items():
        if len(typed) > LONGEST_VALUE or "\0" in typed:
            raise Invalid(f"Give at most {LONGEST_VALUE:,} characters of text.", field=name)
