"""Fields that several bodies have, and the body of what is done without any."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec

LONGEST_KEY = 64


def says(description: str) -> msgspec.Meta:
    """What a field is, for the OpenAPI description."""
    return msgspec.Meta(description=description)


Key: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=LONGEST_KEY,
        description="Lower-case letters, digits and single hyphens. It never changes.",
    ),
]
Name: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=120, description="What people call it.")
]
Reference: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_KEY)]
"""The key of something else."""

Share: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1)]
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
Why: TypeAlias = Annotated[
    str, msgspec.Meta(max_length=4000, description="The reason, for the audit trail.")
]


class Moving(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A move, and why."""

    why: Why = ""
