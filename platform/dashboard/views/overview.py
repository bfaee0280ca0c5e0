"""The first page: what needs people, how routing does, and every experiment under way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import overview_reads as reads
from dashboard.access import needs
from dashboard.reading import attention, machines
from dashboard.reading.attention import Line, pressing
from dashboard.reading.cards import cards
from dashboard.reading.first_steps import Step, first_step
from dashboard.reading.pulse_tiles import tiles
from dashboard.views.experiment import NOTHING_NEW
from events import health
from experiments.models import Experiment, Placement
from people.roles import Role
from recommenders.models import Recommender
from serving.models import Pulse

SHOWN = 24  # cards: three to a row


@needs(Role.VIEWER)
@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/overview.html", _parts(request))


@needs(Role.VIEWER)
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """The parts that follow the log. What the browser shows already is not sent again."""
    parts = _parts(request)
    if request.GET.get("seen") == parts["seen"]:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "dashboard/overview/live.html", parts)


def _parts(request: HttpRequest) -> dict[str, Any]:
    """The page below its head, and what tells it from another."""
    context = _context(request.GET.get("placement", ""), now())
    body = render_to_string("dashboard/overview/parts.html", context, request)
    seen = blake2b(body.encode(), digest_size=8).hexdigest()
    return {"body": body, "seen": seen, "placement": context["placement"]}


def _context(placement: str, at: datetime) -> dict[str, Any]:
    """`placement` narrows the cards, if anything is under way there."""
    experiments = reads.under_way()
    looks = reads.looks(experiments)
    drafts = list(reads.drafts())
    placements = Counter(one.placement.key for one in (*experiments, *drafts))
    chosen = placement if placement in placements else ""
    shown = [one for one in experiments if chosen in ("", one.placement.key)]
    return {
        "lines": pressing(_lines(experiments, looks, at)),
        "tiles": tiles(reads.day_of_pulses(), now=at, deadline_ms=settings.ROUTE_DEADLINE_MS),
        "cards": cards(shown[:SHOWN], looks, now=at),
        "more": max(len(shown) - SHOWN, 0),
        "drafts": [one for one in drafts if chosen in ("", one.placement.key)],
        "placements": sorted(placements.items()),
        "placement": chosen,
        "running": sum(one.status == Experiment.Status.RUNNING for one in experiments),
        "step": None if experiments or drafts else _first_step(),
    }


def _lines(
    experiments: list[Experiment], looks: dict[int, reads.Look], at: datetime
) -> Iterator[Line]:
    running = [one for one in experiments if one.status == Experiment.Status.RUNNING]
    began = [one.started_at for one in running if one.started_at]
    newest = Pulse.objects.first()
    silent = machines.is_silent(newest, expected_since=min(began, default=None), now=at)
    for one in running:
        if one.pk in looks:
            yield from attention.of_look(one, looks[one.pk])
        if not silent:
            yield from attention.unseen(one, looks.get(one.pk), now=at)
    yield from _of_life(at)
    yield from _of_machines(newest, at, silent=silent)


def _of_life(at: datetime) -> Iterator[Line]:
    told = reads.told()
    late = reads.late(at - machines.SILENT)
    for one in Experiment.objects.filter(key__in=told):
        yield attention.of_entry(one, told[one.key])
    yield from map(attention.of_late, late)
    yield from map(attention.of_stopped, reads.stopped())


def _of_machines(newest: Pulse | None, at: datetime, *, silent: bool) -> Iterator[Line]:
    yield from machines.of_journals(health.check(settings.JOURNAL_DIR).problem)
    if silent:
        yield machines.of_workers(newest)
    else:
        yield from machines.of_log(newest)
        yield from machines.of_fallbacks(machines.recent_fallbacks(reads.recent_pulses(at)))
    yield from map(machines.of_training, reads.failed_trainings())
    yield from map(machines.of_default, reads.untrained_defaults())


def _first_step() -> Step:
    return first_step(
        recommenders=list(Recommender.objects.all()),
        placements=Placement.objects.exists(),
        ended=Experiment.objects.exists(),
    )
