"""API keys: list and make; one of them, changed and revoked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import needs
from dashboard.forms.keys import ClientForm, KeyForm
from dashboard.people import person
from experiments.models import Placement
from people.actors import Actor
from people.roles import Role
from serving.access import CLIENT, CLIENT_DOORS
from serving.keys import change_key, create_key, revoke_key
from serving.models import ApiKey


@needs(Role.VIEWER, write=Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The keys. The answer to a POST is the one place where a secret is ever shown."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    access = form.access() if form.is_bound else None
    if access is None:
        return _list(request, form)
    key, secret = create_key(form.cleaned_data["name"], access, actor=Actor.of(person(request)))
    return _list(request, KeyForm(), made=key, secret=secret)


@needs(Role.VIEWER, write=Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One key, with a form where it is a client's: origins and limit change in their place."""
    key = get_object_or_404(ApiKey, pk=pk)
    form = _form(request, key)
    if request.method == "POST":
        if form is None:
            return _page(request, key, form, status=409)
        access = form.client_access() if form.is_valid() else None
        if access is not None:
            try:
                change_key(key, access, actor=Actor.of(person(request)), now=now())
            except ApiKey.DoesNotExist:  # revoked meanwhile
                return redirect("dashboard:key", pk)
            messages.success(request, _("Saved. Every process goes by it within seconds."))
            return redirect("dashboard:key", pk)
    return _page(request, key, form)


@needs(Role.ADMIN)
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, revoked_at=None)
    revoke_key(key, now=now(), actor=Actor.of(person(request)))
    said = _("The key “%(name)s” is revoked. Requests with it are refused.")
    messages.success(request, said % {"name": key.name})
    return redirect("dashboard:keys")


def _form(request: HttpRequest, key: ApiKey) -> ClientForm | None:
    """None for a key that nothing changes any more: a server's, or a revoked one."""
    if key.kind != CLIENT or key.revoked_at is not None:
        return None
    initial = {"origins": "\n".join(key.origins), "per_minute": key.per_minute}
    return ClientForm(request.POST if request.method == "POST" else None, initial=initial)


def _page(
    request: HttpRequest, key: ApiKey, form: ClientForm | None, *, status: int = 200
) -> HttpResponse:
    context = {"key": key, "form": form, "doors": CLIENT_DOORS, "role": Role(key.role)}
    return render(request, "dashboard/key.html", context, status=status)


def _list(
    request: HttpRequest, form: KeyForm, *, made: ApiKey | None = None, secret: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "keys": ApiKey.objects.order_by("revoked_at", "-id"),
        "made": made,
        "secret": secret,
        "placement": Placement.objects.first() if made else None,
        "route": request.build_absolute_uri("/api/v1/route"),
    }
    return render(request, "dashboard/keys.html", context)
