"""Logging in, and the pulse at the foot of the rail."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from dashboard.access import needs
from people.roles import Role
from serving import logins
from serving.addresses import address_of


class LoginForm(AuthenticationForm):
    """The usual form; its message says what to do and not which of the two was wrong.

    `refused_for` is how many seconds nobody is let in by this name from this address, whatever the
    password: see serving/logins.py.
    """

    refused_for = 0
    error_messages = {
        "invalid_login": _("No account has this name and password. Check both; capitals count."),
        "inactive": _("This account is switched off. Ask whoever runs this installation."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Name")

    def clean(self) -> dict[str, Any]:
        if self.errors or self.request is None:
            return self.cleaned_data
        who = {"account": self.cleaned_data["username"], "address": address_of(self.request)}
        self.refused_for = logins.seconds_to_wait(**who)
        if self.refused_for:
            raise ValidationError(_refusal(self.refused_for), code="refused")
        cleaned: dict[str, Any] = super().clean()
        logins.worked(**who)
        return cleaned


def _refusal(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many failed logins from here. Nothing was checked. Try again in %(minutes)d minute.",
        "Too many failed logins from here. Nothing was checked. Try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}


class Login(LoginView):
    template_name = "dashboard/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_invalid(form)
        if isinstance(form, LoginForm) and form.refused_for:
            answer.status_code = HTTPStatus.TOO_MANY_REQUESTS
            answer.headers["Retry-After"] = str(form.refused_for)
        return answer


login = login_not_required(Login.as_view())


@needs(Role.VIEWER)
@require_safe
def pulse(request: HttpRequest) -> HttpResponse:
    return render(request, "parts/pulse.html")
