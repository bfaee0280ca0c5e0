"""Waiting for the web server."""

import http.client
import time
import urllib.request

from config.demo.exceptions import DemoError

PATIENCE = 120.0  # seconds


def until_ready(url: str, *, patience: float = PATIENCE) -> None:
    """Return once /readyz answers 200. Raises DemoError after `patience` seconds."""
    deadline = time.monotonic() + patience
    while not _is_ready(url):
        if time.monotonic() > deadline:
            raise DemoError(f"{url}/readyz is not ready. Start Winnow with `manage.py up --demo`.")
        time.sleep(0.2)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as response:  # noqa: S310
            return bool(response.status == 200)
    except (OSError, http.client.HTTPException):
        return False
