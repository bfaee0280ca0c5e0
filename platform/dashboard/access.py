"""Who may enter which page: every view says it, and whoever may not is told which role it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dashboard.people import person
from people.roles import Role, role_of
from people.selectors import admins

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The least role that reads a page, and that sends it a form."""

    read: Role
    write: Role

    def role_for(self, method: str | None) -> Role:
        return self.read if method in SAFE else self.write


def needs(
    read: Role, *, write: Role | None = None, password_may_wait: bool = False
) -> Callable[[View[P]], View[P]]:
    """Lets in who has the role `read`; to send a form, `write`, by default the same.

    Somebody who came in with a password for one login is sent to choose one first, unless
    `password_may_wait`.
    """
    stated = Needs(read=read, write=write or read)

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            user, role = person(request), stated.role_for(request.method)
            if not password_may_wait and must_choose_password(user):
                return redirect("dashboard:password")
            if role_of(user) < role:
                return _refused(request, role)
            return view(request, *args, **kwargs)

        guarded.needs = stated  # type: ignore[attr-defined]
        return guarded

    return guard


def must_choose_password(user: User) -> bool:
    """Whether they came in with a password made for one login."""
    row = getattr(user, "person", None)
    return row is not None and row.must_choose_password


class May:
    """For templates, which do not show what a person may not press: `{% if may.analyst %}`."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def role(self) -> Role:
        user = self._request.user
        return role_of(user) if isinstance(user, User) else Role.VIEWER

    @property
    def analyst(self) -> bool:
        return self.role >= Role.ANALYST

    @property
    def experimenter(self) -> bool:
        return self.role >= Role.EXPERIMENTER

    @property
    def admin(self) -> bool:
        return self.role >= Role.ADMIN


def _refused(request: HttpRequest, role: Role) -> HttpResponse:
    context = {"needed": role, "admins": [one.get_username() for one in admins()]}
    return render(request, "dashboard/refused.html", context, status=403)
