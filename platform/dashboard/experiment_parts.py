"""What every tab of an experiment's page is made of, and what each adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from dashboard import queries, report_parts
from dashboard.forms.changes import OverrideForm
from dashboard.happened import NOT_KEPT, asked, happened
from dashboard.reading.absent import no_segments
from dashboard.reading.arms import ArmView, arms_of
from dashboard.reading.buckets import layer_bar, phase_rows
from dashboard.reading.chart_view import chart_view, choices
from dashboard.reading.charts import title_over_time
from dashboard.reading.measured import Fact, facts
from dashboard.reading.page import experiment_page, is_ahead
from dashboard.reading.segments import segments
from dashboard.reading.sheet import Sheet, sheet
from experiments import checklist, lifecycle, metric_definitions, reports, selectors
from experiments.metrics.exploring.asking import FIELDS, asked_of, scale_of
from experiments.metrics.results import Scorecard
from experiments.models import Experiment, Snapshot
from experiments.moves import keep
from people import trail
from people.models import AuditEntry
from serving.models import Pulse

TABS = {
    "results": _("Results"),
    "health": _("Health"),
    "traffic": _("Traffic"),
    "settings": _("Settings"),
    "history": _("History"),
}
LIVE = ("results", "health")
"""The tabs that follow the log."""


def context_of(request: HttpRequest, experiment: Experiment, tab: str) -> dict[str, Any]:
    """All that the templates of a tab read. A draft has one page and no tabs."""
    draft = experiment.started_at is None
    snapshot = None if draft else selectors.latest_snapshot(experiment)
    pulse = None if draft or tab not in LIVE else Pulse.objects.first()
    beside = happened(experiment) if snapshot and tab == "results" else None
    page = experiment_page(
        experiment,
        snapshot,
        scale=scale_of(request.GET),
        log_lag=pulse.log_lag_seconds if pulse else None,
        then=queries.versions_when_stopped(experiment) if experiment.is_over else None,
        whole=tab == "results",
        asked=asked(request),
        happened=beside,
    )
    return {
        "page": page,
        "charted": {"key": experiment.key, "as_of": snapshot.as_of} if snapshot else None,
        "ahead": page.results is not None and is_ahead(page.results.scorecard, now=now()),
        "others": others_of(request),
        "address": "" if page.results else urlencode(asked(request).kept),
        "arms": page.arms,
        "snapshot": page.snapshot,
        "experiment": experiment,
        "moves": lifecycle.moves_of(experiment.status),
        "killed": _killed(experiment),
        "kept": keep.kept(beside.entries, page.results.scorecard.decision)
        if page.results and beside
        else None,
        "tab": tab,
        "tabs": TABS,
        "entries": 0 if draft else history_of(experiment).count(),
        "checklist": checklist.launch_checklist(experiment, now=now()) if draft else [],
        "measured": _measured(experiment) if draft or tab == "settings" else (),
        "api_call": _api_call(request, experiment),
        "redefined": metric_definitions.changed_since(page.scorecard)
        if page.scorecard and tab == "results"
        else [],
        "sheet": sheet_of(page.snapshot, page.scorecard, page.arms, request.GET)
        if page.snapshot and page.scorecard and tab == "results"
        else None,
        **(_reports(experiment) if not draft and tab == "results" else {}),
        **(_traffic(experiment) if tab == "traffic" else {}),
        **(_draft_overrides(experiment) if draft else {}),
    }


def sheet_of(
    snapshot: Snapshot, card: Scorecard, arms: Sequence[ArmView], given: Mapping[str, str]
) -> Sheet:
    """The scorecard as an address asks for it, from the snapshot alone."""
    kept = selectors.samples_of(snapshot) if any(name in given for name in FIELDS) else None
    has_samples = kept is not None or selectors.has_samples(snapshot)
    asked = asked_of(given, card, kept=has_samples)
    return sheet(card, selectors.spec_of(snapshot), kept, arms, asked, has_samples=has_samples)


def card_context(request: HttpRequest, experiment: Experiment) -> dict[str, Any] | None:
    """What the card of the scorecard alone reads; None before the first analysis."""
    snapshot = selectors.latest_snapshot(experiment)
    if snapshot is None:
        return None
    card = selectors.scorecard_of(snapshot)
    arms = arms_of(experiment, card)
    shown, others = sheet_of(snapshot, card, arms, request.GET), others_of(request)
    address = dict(parse_qsl(shown.controls.query)) | others
    primary = card.metric(card.primary)
    return {
        "experiment": experiment,
        "snapshot": snapshot,
        "arms": arms,
        "sheet": shown,
        "segments": segments(card, primary, arms, scale=shown.scale),
        "no_segments": no_segments(primary),
        "redefined": metric_definitions.changed_since(card),
        "others": others,
        "address": urlencode(address),
        "title": title_over_time(primary),
        "choices": choices(chart_view(address), card, primary, address),
        "api_call": _api_call(request, experiment),
    }


def _api_call(request: HttpRequest, experiment: Experiment) -> str:
    return request.build_absolute_uri(f"/api/v1/experiments/{experiment.key}/results")


def others_of(request: HttpRequest) -> dict[str, str]:
    """What an address asks for beside the scorecard."""
    mine = (*FIELDS, "scale", *NOT_KEPT)
    return {name: str(value) for name, value in request.GET.items() if name not in mine}


def _reports(experiment: Experiment) -> dict[str, Any]:
    made = report_parts.listed(reports.standing(experiment))
    return {"made": made, "open_reports": settings.OPEN_REPORTS}


def _measured(experiment: Experiment) -> tuple[Fact, ...]:
    measured = experiment.measured
    return facts(measured, metric_definitions.named(measured.needed))


def history_of(experiment: Experiment) -> QuerySet[AuditEntry]:
    """Its audit trail, newest first."""
    return trail.entries(kind="experiment", key=experiment.key)


def overrides_of(experiment: Experiment, form: OverrideForm | None) -> dict[str, Any]:
    """What the card of overrides reads; without a form none can be set."""
    held = experiment.overrides.select_related("variant").order_by("user")
    return {"overrides": list(held), "override": form}


def _draft_overrides(experiment: Experiment) -> dict[str, Any]:
    """With the form, unless it was archived before it started."""
    settable = experiment.status == Experiment.Status.DRAFT
    form = OverrideForm(None, list(experiment.variants.all())) if settable else None
    return overrides_of(experiment, form)


def _killed(experiment: Experiment) -> list[str]:
    newest = max(experiment.phases.all(), key=lambda phase: phase.number, default=None)
    return newest.killed if newest else []


def _traffic(experiment: Experiment) -> dict[str, Any]:
    """Who shares its users, and what its phases were."""
    under_way = queries.under_way()
    layers = [experiment.layer, *(one.layer for one in experiment.memberships.all())]
    return {
        "layer_bars": [layer_bar(layer, under_way, mine=experiment) for layer in layers],
        "phase_rows": phase_rows(list(experiment.phases.all()), list(experiment.variants.all())),
    }
