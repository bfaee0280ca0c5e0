"""What a key of the API may be used for. A server key has a role; a client key is published with a
page or an app, and may only do what everybody may who has that page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from people.roles import Role
from serving.exceptions import Invalid

SERVER, CLIENT = "server", "client"
MOST_ORIGINS = 50
LONGEST_ORIGIN = 255
MOST_PER_MINUTE = 1_000_000
CLIENT_DOORS = ("/route", "/assign", "/exposures", "/events")

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
_ASSUMED_PORTS = {("http", 80), ("https", 443)}


@dataclass(frozen=True, kw_only=True)
class ServerAccess:
    """For a back end, which keeps its key to itself."""

    kind: ClassVar[str] = SERVER
    prefix: ClassVar[str] = "wn_"
    role: Role = Role.ADMIN


@dataclass(frozen=True, kw_only=True)
class ClientAccess:
    """For pages and apps. `origins` are whose pages may use the key; none: apps only, as they send
    no origin. `per_minute` is how many requests each address may make; None: any number.

    Raises Invalid (origins, per_minute).
    """

    kind: ClassVar[str] = CLIENT
    prefix: ClassVar[str] = "wn_pub_"
    origins: tuple[str, ...] = ()
    per_minute: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", _checked(self.origins))
        if self.per_minute is not None and not 1 <= self.per_minute <= MOST_PER_MINUTE:
            raise Invalid(
                f"Give 1 to {MOST_PER_MINUTE:,} requests a minute, or none for any number.",
                pointer="/per_minute",
            )


Access = ServerAccess | ClientAccess


def _checked(origins: Iterable[str]) -> tuple[str, ...]:
    """Each once, as browsers write it."""
    found = tuple(dict.fromkeys(origin.strip().lower() for origin in origins))
    if len(found) > MOST_ORIGINS:
        raise Invalid(f"Give at most {MOST_ORIGINS} origins.", pointer="/origins")
    for index, origin in enumerate(found):
        if (fault := _fault(origin)) is not None:
            raise Invalid(f"“{origin[:80]}” {fault}", pointer=f"/origins/{index}")
    return found


def _fault(origin: str) -> str | None:
    """Why no browser would ever send this as its origin; None where one would."""
    if not origin.isascii():
        return "is not ASCII. Write the host as browsers send it, in Punycode (xn--…)."
    if "*" in origin:
        return "has a wildcard. Name each origin."
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return _SHAPE
    host = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    if origin != f"{parts.scheme}://{parts.netloc}" or len(origin) > LONGEST_ORIGIN:
        return _SHAPE
    if not (_SCHEME.fullmatch(parts.scheme) and _HOST.fullmatch(host)):
        return _SHAPE
    if (parts.scheme, port) in _ASSUMED_PORTS:
        return f"names the port that browsers leave out. Leave out “:{port}”."
    return None


_SHAPE = "is no origin. Write the scheme and the host and no path, such as https://shop.example."
