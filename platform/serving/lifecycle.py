"""What changes who is routed where publishes the plan with its own commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import transaction

from serving import plans

P = ParamSpec("P")
T = TypeVar("T")


def routed(change: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does the change, of `experiments.moves` or the like, and publishes the plan that it leads to:
    both or neither. Raises what the change raises.
    """
    with transaction.atomic():
        done = change(*args, **kwargs)
        plans.publish()
    return done
