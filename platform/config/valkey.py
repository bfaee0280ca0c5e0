"""Where Valkey is: the one that `manage.py up` starts beside everything else, or one's own.

The embedded Valkey listens on a Unix socket and on no port. So who may enter var/ may talk to it
and nobody else, and two installations on one machine cannot meet in one Valkey.
"""

import os
from pathlib import Path
from urllib.parse import quote

from redis.connection import parse_url

# Bytes of a path that a socket's address holds: 104 on macOS and 108 on Linux, less the final zero.
LONGEST_PATH = 103
FOLDER = "valkey"  # below var/
NAME = "socket"
ELSEWHERE = "elsewhere"  # a link to the folder of a socket whose path below var/ is too long


def embedded_socket(var: Path) -> Path:
    """The socket of the Valkey that `manage.py up` runs, or would run, on `var`, an absolute path.

    Where `var` is too long for that, the path is usable only while `manage.py up` runs.
    """
    near = var / FOLDER / NAME
    link = var / FOLDER / ELSEWHERE
    return near if fits(near) or not link.is_symlink() else link.readlink() / NAME


def fits(socket: Path) -> bool:
    """Whether a socket can have this path."""
    return len(os.fsencode(socket)) <= LONGEST_PATH


def socket_url(socket: Path) -> str:
    """The address of database 0 on `socket`, in the form that VALKEY_URL has."""
    return f"unix://{quote(str(socket))}?db=0"


def broker_url(url: str) -> str:
    """The address `url` in Celery's own form, which differs for a Unix socket."""
    if not url.startswith("unix://"):
        return url
    parts = parse_url(url)  # type: ignore[no-untyped-call]
    user, password = (quote(parts.get(name, ""), safe="") for name in ("username", "password"))
    login = f"{user}:{password}@" if password else ""
    return f"redis+socket://{login}{quote(parts['path'])}?virtual_host={parts.get('db', 0)}"
