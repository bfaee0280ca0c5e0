"""SQLite's LIKE for all letters. Every search of Django's, and every comparison whatever the case,
becomes a LIKE there, and SQLite's own takes `É` and `é` for different letters.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_SIGNS = {"%": ".*", "_": "."}


def fold(connection: BaseDatabaseWrapper, **_: object) -> None:
    """A receiver of `connection_created`."""
    if connection.vendor == "sqlite":
        for arguments in (2, 3):
            connection.connection.create_function("like", arguments, like, deterministic=True)


def like(pattern: Any, text: Any, escape: str = "") -> bool | None:
    """Whether `text LIKE pattern ESCAPE escape`; None where either is NULL."""
    if pattern is None or text is None:
        return None
    return _compiled(str(pattern), escape).fullmatch(str(text).casefold()) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str, escape: str) -> re.Pattern[str]:
    said, signs = [], iter(pattern)
    for sign in signs:
        if sign == escape:
            said.append(re.escape(next(signs, "").casefold()))
        else:
            said.append(_SIGNS.get(sign) or re.escape(sign.casefold()))
    return re.compile("".join(said), re.DOTALL)
