"""Whether a process is ready, asked from a thread so that nobody's output waits for the answer."""

import http.client
import socket
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

INTERVAL = 0.1
TIMEOUT = 3.0


def ask(url: str) -> str | None:
    """None when `url` is ready ("tcp://" accepts, "http://" answers 200), else why it is not."""
    parts = urlsplit(url)
    if parts.hostname is None or parts.port is None:
        raise ValueError(f"{url} names no host and port")
    try:
        if parts.scheme == "tcp":
            socket.create_connection((parts.hostname, parts.port), TIMEOUT).close()
            return None
        return _get(parts.hostname, parts.port, parts.path)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _get(host: str, port: int, path: str) -> str | None:
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read(500).decode(errors="replace")
    finally:
        connection.close()
    return None if response.status == 200 else f"{response.status} {body}".strip()


def watch(
    url: str,
    *,
    on_ready: Callable[[], None],
    on_slow: Callable[[str], None],
    patience: float = 60.0,
) -> threading.Thread:
    """Ask until ready, then call `on_ready`; `on_slow` hears, once, why it is late."""

    def run() -> None:
        slow = time.monotonic() + patience
        while (reason := ask(url)) is not None:
            if time.monotonic() > slow:
                on_slow(reason)
                slow = float("inf")
            time.sleep(INTERVAL)
        on_ready()

    thread = threading.Thread(target=run, name=f"ready {url}", daemon=True)
    thread.start()
    return thread
