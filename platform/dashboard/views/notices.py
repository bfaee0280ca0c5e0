"""Notices: the webhooks, what became of their deliveries, and what oneself is written about."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import May, needs
from dashboard.forms.notices import EmailForm, NewWebhookForm, WebhookForm
from dashboard.people import person
from notices import services
from notices.exceptions import NoticesError
from notices.kinds import Kind
from notices.models import Delivery, EmailSubscription, Webhook
from people.actors import Actor
from people.roles import Role

SHOWN = 50
ON_ITS_WAY = lazy("A test is on its way. Load the page again to see what became of it.")


@needs(Role.VIEWER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    return _list(request)


@needs(Role.ADMIN)
@never_cache
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """The answer is the one place where the secret is ever shown."""
    form = NewWebhookForm(request.POST)
    if form.is_valid():
        try:
            made = services.add_webhook(**form.cleaned_data, now=now(), actor=_actor(request))
        except NoticesError as error:
            form.refuse(error)
        else:
            return _list(request, made=made)
    return _list(request, new=form)


@needs(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """One webhook: what it tells, and its newest deliveries."""
    hook = get_object_or_404(Webhook, pk=pk)
    form = WebhookForm(request.POST if request.method == "POST" else None, hook)
    if form.is_bound and form.is_valid():
        try:
            services.change_webhook(hook, **form.cleaned_data, now=now(), actor=_actor(request))
        except NoticesError as error:
            form.refuse(error)
        else:
            messages.success(request, "Saved.")
            return redirect("dashboard:notice-webhook", pk)
    context = {
        "webhook": hook,
        "form": form,
        "deliveries": hook.deliveries.all()[:SHOWN],
        "words": dict(Kind.choices),
        "shown": SHOWN,
    }
    return render(request, "dashboard/webhook.html", context)


@needs(Role.ADMIN)
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    services.send_test(get_object_or_404(Webhook, pk=pk), now=now())
    messages.success(request, str(ON_ITS_WAY))
    return redirect("dashboard:notice-webhook", pk)


@needs(Role.ADMIN)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    services.remove_webhook(get_object_or_404(Webhook, pk=pk), now=now(), actor=_actor(request))
    messages.success(request, _("The webhook is removed."))
    return redirect("dashboard:notices")


@needs(Role.ADMIN)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.exclude(webhook=None), pk=pk)
    try:
        services.deliver_again(delivery, now=now())
    except NoticesError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("It is delivered again, by the same id."))
    return redirect("dashboard:notice-webhook", delivery.webhook_id)


@needs(Role.VIEWER)
@require_POST
def email(request: HttpRequest) -> HttpResponse:
    form = _email_form(request, request.POST)
    if form.is_valid():
        try:
            kept = services.subscribe(person(request), **form.cleaned_data)
        except NoticesError as error:
            form.refuse(error)
        else:
            said = _("You are written to at %(address)s.") if kept else _("You get no mail.")
            messages.success(request, said % {"address": kept.address} if kept else said)
            return redirect("dashboard:notices")
    return _list(request, email=form)


@needs(Role.VIEWER)
@require_POST
def email_test(request: HttpRequest) -> HttpResponse:
    subscription = get_object_or_404(EmailSubscription, user=person(request))
    services.send_test(subscription, now=now())
    messages.success(request, str(ON_ITS_WAY))
    return redirect("dashboard:notices")


def _actor(request: HttpRequest) -> Actor:
    return Actor.of(person(request))


def _email_form(request: HttpRequest, data: Any = None) -> EmailForm:
    user = person(request)
    return EmailForm(data, EmailSubscription.objects.filter(user=user).first(), user.email)


def _list(
    request: HttpRequest,
    *,
    new: NewWebhookForm | None = None,
    email: EmailForm | None = None,
    made: Webhook | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "email": email or _email_form(request),
        "mails": Delivery.objects.filter(subscription__user=person(request))[:5],
        "words": dict(Kind.choices),
        "mail_is_on": settings.MAIL_IS_ON,
        "made": made,
    }
    if May(request).admin:
        context |= {"new": new or NewWebhookForm(), "webhooks": _webhooks()}
    return render(request, "dashboard/notices.html", context)


def _webhooks() -> Any:
    status = Delivery.Status
    return Webhook.objects.order_by("id").annotate(
        waiting=Count("deliveries", filter=Q(deliveries__status=status.WAITING)),
        failed=Count("deliveries", filter=Q(deliveries__status=status.FAILED)),
    )
