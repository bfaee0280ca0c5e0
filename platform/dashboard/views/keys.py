"""API keys: list, make, revoke."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from experiments.models import Placement
from serving.keys import create_key, revoke_key
from serving.models import ApiKey


class KeyForm(forms.Form):
    """A key is only named: its secret is made, not chosen."""

    use_required_attribute = False

    name = forms.CharField(
        max_length=120,
        label="Name of the new key",
        help_text="Who will use it, such as “storefront” or “mobile app”.",
        error_messages={
            "required": "Give the key a name, so that you know it when you revoke it.",
            "max_length": "Give a name of at most 120 characters.",
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """The keys. The answer to a POST is the one place where a secret is ever shown."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        key, secret = create_key(form.cleaned_data["name"])
        return _page(request, KeyForm(), made=key, secret=secret)
    return _page(request, form)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(ApiKey, pk=pk, revoked_at=None)
    revoke_key(key, now=now())
    messages.success(request, f"The key “{key.name}” is revoked. Requests with it are refused.")
    return redirect("dashboard:keys")


def _page(
    request: HttpRequest,
    form: KeyForm,
    *,
    made: ApiKey | None = None,
    secret: str = "",
) -> HttpResponse:
    context = {
        "form": form,
        "keys": ApiKey.objects.order_by("revoked_at", "-id"),
        "made": made,
        "secret": secret,
        "placement": Placement.objects.first() if made else None,
        "route": request.build_absolute_uri("/api/v1/route"),
    }
    return render(request, "dashboard/keys.html", context)
