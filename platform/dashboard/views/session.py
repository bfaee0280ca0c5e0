"""Logging in, and the pulse at the foot of the rail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.access import needs
from people.roles import Role


class LoginForm(AuthenticationForm):
    """The usual form; its message says what to do and not which of the two was wrong."""

    error_messages = {
        "invalid_login": "No account has this name and password. Check both; capitals count.",
        "inactive": "This account is switched off. Ask whoever runs this installation.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Name"


login = login_not_required(
    LoginView.as_view(
        template_name="dashboard/login.html",
        authentication_form=LoginForm,
        redirect_authenticated_user=True,
    )
)


@needs(Role.VIEWER)
@require_safe
def pulse(request: HttpRequest) -> HttpResponse:
    return render(request, "parts/pulse.html")
