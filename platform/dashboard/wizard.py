"""Where somebody stands in the create wizard: at a new experiment, at one that is half filled in,
or at a draft, with or without changes that are not part of it yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.forms.wizard import STEPS, Known, Step, WizardForms
from experiments import sketches
from experiments.drafts import change_draft, create_experiment
from experiments.exceptions import ExperimentError, NotAllowed
from experiments.models import Experiment, Sketch
from people.actors import Actor


class Moved(ExperimentError):
    """The draft is another than the one that was begun with."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """`sketch` holds what was typed, `draft` is the experiment that it is of; without either it is
    a new experiment. `now` is when somebody asks.
    """

    now: datetime
    sketch: Sketch | None = None
    draft: Experiment | None = None

    @classmethod
    def at(cls, draft: Experiment, *, now: datetime) -> Place:
        """At a draft, with what somebody typed of it."""
        return cls(draft=draft, sketch=sketches.of_draft(draft), now=now)

    @property
    def is_new(self) -> bool:
        return self.sketch is None and self.draft is None

    @cached_property
    def known(self) -> Known:
        return Known.read()

    @cached_property
    def plain(self) -> dict[str, str]:
        """What the steps show without anything typed."""
        return self.shown(None).fields()

    @property
    def stands(self) -> dict[str, str]:
        """The same, whatever the reader's zone is: to tell whether the draft was changed."""
        with timezone.override(UTC):
            return self.shown(None).fields()

    @cached_property
    def fields(self) -> Mapping[str, str]:
        """What stands in all steps."""
        return self.plain | self.sketch.fields if self.sketch else self.plain

    def forms(self, typed: Mapping[str, str] | None = None) -> WizardForms:
        """The forms that say what is wrong, of what stands in all steps or of other fields."""
        given = self.fields if typed is None else typed
        return WizardForms.of(self.known, typed=given, draft=self.draft, now=self.now)

    def shown(self, fields: Mapping[str, str] | None) -> WizardForms:
        """The forms that show fields, or the draft as it stands, and say nothing of them."""
        return WizardForms.of(self.known, shown=fields, draft=self.draft, now=self.now)

    def address(self, step: Step) -> str:
        if self.draft:
            return reverse("dashboard:experiment-edit-step", args=[self.draft.key, step])
        if self.sketch:
            return reverse("dashboard:sketch", args=[self.sketch.pk, step])
        return reverse("dashboard:experiment-new")

    def seen(self, step: Step) -> int:
        """The number of the step's last save, 0 before the first."""
        last = self.sketch and sketches.last_save(self.sketch, step)
        return last.number if last else 0

    def saved(
        self,
        step: Step,
        fields: Mapping[str, str],
        *,
        page: str,
        seen: int | None,
        actor: Actor,
        begin: bool = False,
    ) -> Place:
        """The place with the step's fields kept, where they are others, or where a sketch is to
        `begin` in any case. Raises what `sketches.save` does.
        """
        same = all(
            self.fields.get(name, "") == typed
            for name, typed in fields.items()
            if fields.get(name.removesuffix("-zone"))  # a zone alone says nothing
            or not name.endswith("-zone")
        )
        if same and not (begin and self.is_new):
            return self
        sketch = sketches.save(
            self.sketch,
            step=step,
            fields=fields,
            page=page,
            seen=seen,
            now=self.now,
            actor=actor,
            of=self.draft,
            base=self.stands if self.draft else None,
        )
        return Place(sketch=sketch, draft=self.draft, now=self.now)

    def applied(self, forms: WizardForms, *, mine: bool, actor: Actor) -> Experiment | None:
        """The draft that all steps come to, made or changed; None where something is wrong, which
        the forms then say. Raises Moved where the draft was changed meanwhile, unless `mine` is to
        count.
        """
        wanted = forms.draft()
        if wanted is None:
            return None
        if self.sketch is None and self.draft:
            return self.draft
        self._still(mine)
        try:
            with transaction.atomic():
                if self.draft:
                    made = change_draft(self.draft, wanted, now=self.now, actor=actor)
                else:
                    seed = self.sketch.seed if self.sketch else None
                    made = create_experiment(wanted, now=self.now, actor=actor, seed=seed)
                if self.sketch:
                    sketches.discard(self.sketch)
        except NotAllowed:
            raise
        except ExperimentError as error:
            forms.refuse(error)
            return None
        return made

    def _still(self, mine: bool) -> None:
        if self.draft is None or self.sketch is None or mine:
            return
        base, stands = self.sketch.base, self.stands
        if any(base[name] != stands[name] for name in base if name in stands):
            raise Moved(
                _(
                    "The draft itself was changed after these changes were begun. Look at it as it "
                    "stands, then save yours in its place or discard them."
                )
            )


def beside(step: Step, by: int) -> Step:
    """The step after or before, as far as there is one."""
    return STEPS[min(max(STEPS.index(step) + by, 0), len(STEPS) - 1)]
