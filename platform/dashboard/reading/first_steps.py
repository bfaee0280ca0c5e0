"""What somebody does next where nothing runs: one step, with where to do it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from people.roles import Role

if TYPE_CHECKING:
    from recommenders.models import Recommender


@dataclass(frozen=True, kw_only=True)
class Step:
    """`needs` is the role that the button works for; below it only the text is shown."""

    text: str
    button: str
    href: str
    needs: Role = Role.EXPERIMENTER


def first_step(*, recommenders: Sequence[Recommender], placements: bool, ended: bool) -> Step:
    """The first that is missing: a recommender, a model of it, a placement, an experiment."""
    if not recommenders:
        return Step(
            text=_(
                "Winnow compares recommenders with the people who see them. First register one: "
                "an algorithm with its settings."
            ),
            button=_("Register the first recommender"),
            href=reverse("dashboard:recommender-new"),
        )
    if not any(one.live_id for one in recommenders):
        key = recommenders[0].key
        return Step(
            text=_("No recommender has a model yet. Train one from what people did so far."),
            button=_("Train %(key)s") % {"key": key},
            href=recommenders[0].get_absolute_url(),
        )
    if not placements:
        return Step(
            text=_(
                "A placement is where your product shows recommendations, such as home or cart. "
                "There is none yet."
            ),
            button=_("Add the first placement"),
            href=reverse("dashboard:layers"),
            needs=Role.ADMIN,
        )
    if ended:
        return Step(
            text=_("Nothing is under way. What ended is in the list of experiments."),
            button=_("Make an experiment"),
            href=reverse("dashboard:experiment-new"),
        )
    return Step(
        text=_(
            "An experiment compares recommenders on a placement and says which one people click "
            "more. There is none yet."
        ),
        button=_("Make the first experiment"),
        href=reverse("dashboard:experiment-new"),
    )
