"""People: who there is and with which role; inviting, and what an admin changes of an account."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access import must_choose_password, needs
from dashboard.forms.people import ROLES, InviteForm, RoleForm, password_form
from dashboard.people import person
from people import passwords, selectors, services
from people.actors import Actor
from people.exceptions import PeopleError
from people.roles import Role, role_of


@needs(Role.VIEWER, write=Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def listing(request: HttpRequest) -> HttpResponse:
    """Everybody. The answer to an invitation is the one place where its password is shown."""
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = services.invite(
                name=form.cleaned_data["name"],
                role=Role(form.cleaned_data["role"]),
                actor=Actor.of(person(request)),
                now=now(),
            )
        except PeopleError as error:
            form.add_error(error.field, error.message)
        else:
            return _list(request, InviteForm(), made)
    return _list(request, form)


@needs(Role.ADMIN)
@require_POST
def set_role(request: HttpRequest, pk: int) -> HttpResponse:
    user, form = get_object_or_404(User, pk=pk), RoleForm(request.POST)
    if not form.is_valid():
        return _said(request, *form.errors["role"])
    try:
        role = Role(form.cleaned_data["role"])
        services.set_role(user, role, actor=Actor.of(person(request)), now=now())
    except PeopleError as error:
        return _said(request, error.message)
    messages.success(request, f"{user.get_username()} has the role {role.value}.")
    return redirect("dashboard:people")


@needs(Role.ADMIN)
@require_POST
def deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    try:
        services.deactivate(user, actor=Actor.of(person(request)), now=now())
    except PeopleError as error:
        return _said(request, error.message)
    messages.success(request, f"{user.get_username()} is switched off. What they did stays told.")
    return redirect("dashboard:people")


@needs(Role.ADMIN)
@require_POST
def reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk)
    services.reactivate(user, actor=Actor.of(person(request)), now=now())
    messages.success(request, f"{user.get_username()} can log in again.")
    return redirect("dashboard:people")


@needs(Role.ADMIN)
@never_cache
@require_POST
def renew_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A password for one login. This answer is the one place where it is shown."""
    user = get_object_or_404(User, pk=pk)
    password = passwords.renew(user, actor=Actor.of(person(request)), now=now())
    if user == request.user:
        update_session_auth_hash(request, user)
    return _list(request, InviteForm(), (user, password))


@needs(Role.VIEWER, password_may_wait=True)
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """One's own password, chosen anew."""
    user = person(request)
    known = must_choose_password(user)
    form = password_form(user, request.POST if request.method == "POST" else None, known=known)
    if form.is_bound and form.is_valid():
        passwords.choose(user, form.cleaned_data["new_password1"], now=now())
        update_session_auth_hash(request, user)
        messages.success(
            request, _("Your password is changed. Your other sessions are logged out.")
        )
        return redirect("dashboard:experiments" if known else "dashboard:password")
    template = "dashboard/choose_password.html" if known else "dashboard/password.html"
    return render(request, template, {"form": form})


def _said(request: HttpRequest, *complaints: str) -> HttpResponse:
    for complaint in complaints:
        messages.error(request, complaint)
    return redirect("dashboard:people")


def _list(
    request: HttpRequest, form: InviteForm, made: tuple[User, str] | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "people": [(user, role_of(user)) for user in selectors.everybody()],
        "roles": list(Role),
        "choices": ROLES,
        "made": made,
        "address": request.build_absolute_uri("/login/"),
    }
    return render(request, "dashboard/people.html", context)
