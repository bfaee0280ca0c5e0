"""A problem of each status."""

from __future__ import annotations

from http import HTTPStatus

from api.bodies import FieldError, Problem
from api.management.conditional import Stale, TagNeeded
from api.problems import DatabaseAway

_KEYS = "An admin makes keys on the page Settings, API keys."


def _problem(status: int, detail: str, pointer: str | None = None) -> Problem:
    errors = [] if pointer is None else [FieldError(pointer=pointer, detail=detail)]
    title = HTTPStatus(status).phrase
    return Problem(type="about:blank", title=title, status=status, detail=detail, errors=errors)


REFUSALS: dict[str, Problem] = {
    str(problem.status): problem
    for problem in (
        _problem(400, "key must have 1 to 64 characters.", "/key"),
        _problem(401, "This API key is not known or was revoked."),
        _problem(
            403,
            "This needs a server key of role admin; the key “shop” has the role viewer. " + _KEYS,
        ),
        _problem(404, "There is no experiment “home-ctr”."),
        _problem(405, "“ctr” is built in, and only read."),
        _problem(409, "There is an experiment “home-ctr” already.", "/key"),
        _problem(412, str(Stale('"7-3"').detail)),
        _problem(413, "The body is over 24 MiB. Send less at a time."),
        _problem(428, TagNeeded.default_detail),
        _problem(429, "The key “shop” allows 60 requests a minute from one address. Go on in 9 s."),
        _problem(503, DatabaseAway.default_detail),
    )
}

JOURNALS_FULL = {"503": _problem(503, "Nothing was accepted: the journals are full.")}
"""Of the doors that take events and exposures in, which need no database."""
