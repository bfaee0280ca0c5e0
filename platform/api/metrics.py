"""/metrics: what this host did and how far its log is behind, in Prometheus's text format."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from api import families, problems
from api.authentication import HOW, secret_of
from events import journal_files
from serving import keys, log_state, plans, tallies

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


class Host(Collector):
    """All metrics, as they are when asked for."""

    def collect(self) -> Iterable[Metric]:
        counts = tallies.totals()
        yield from families.routing(counts)
        yield from families.ingestion(counts)
        yield families.gauge(
            "winnow_journal_bytes",
            "Bytes in all journals of this host, committed ones not yet removed included.",
            journal_files.stored_bytes(settings.JOURNAL_DIR),
        )
        yield families.gauge(
            "winnow_plan_version", "The plan this process routes by.", plans.current().version
        )
        yield from families.log(log_state.streams(now=timezone.now()))


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Open to this machine; to any other with a server key."""
    if not (_is_local(request) or _has_server_key(request)):
        detail = f"From another machine, metrics need a server key, of any role. {HOW}"
        return problems.plain(401, "Unauthorized", detail)
    return HttpResponse(generate_latest(Host()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_server_key(request: HttpRequest) -> bool:
    key = keys.authenticate(secret_of(request) or "")
    return key is not None and key.kind == "server"


def _is_local(request: HttpRequest) -> bool:
    """Whether it comes from this machine itself, and not through a proxy that runs here."""
    if any(header in request.headers for header in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
