"""What the hot doors count is kept as soon as they have answered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from api.door import Door
from serving import tallies


class CountedView(Door):
    """A view whose counts every process's /metrics shows, even if this process dies next."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        finally:
            tallies.keep()
