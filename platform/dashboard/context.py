"""What the frame around every page shows: the places with their counts, the pulse, the person."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import now

from dashboard.access import May
from dashboard.reading.machines import SILENT
from experiments.models import Experiment
from recommenders.models import Recommender
from serving.models import Pulse

PLACES = {
    "overview": "overview",
    "experiment": "experiments",
    "changes": "experiments",
    "clock": "experiments",
    "recommender": "recommenders",
    "metric": "data",
    "data": "data",
    "key": "settings",
    "people": "settings",
    "person": "settings",
    "notice": "settings",
    "trail": "settings",
    "layer": "settings",
    "placement": "settings",
    "holdout": "settings",
    "password": "settings",
    "design": "settings",
}


class Frame:
    """Read only where a template asks, so that a partial costs no query of the frame's."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def place(self) -> str:
        match = getattr(self._request, "resolver_match", None)
        name = (match.url_name or "") if match else ""
        return next((place for stem, place in PLACES.items() if name.startswith(stem)), "")

    @cached_property
    def experiments(self) -> int:
        return Experiment.objects.count()

    @cached_property
    def recommenders(self) -> int:
        return Recommender.objects.count()

    @cached_property
    def pulse(self) -> Pulse | None:
        return Pulse.objects.first()

    @property
    def is_silent(self) -> bool:
        """Whether the newest pulse is too old to be of now."""
        return self.pulse is not None and now() - self.pulse.at > SILENT

    @property
    def initials(self) -> str:
        user = self._request.user
        words = (getattr(user, "get_full_name", str)() or user.get_username()).split()
        return "".join(word[0] for word in words[:2]).upper()


def frame(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get("theme", "")
    return {
        "frame": Frame(request),
        "may": May(request),
        "theme": theme if theme in ("light", "dark") else "",
    }
