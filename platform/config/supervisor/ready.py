"""Whether a process is ready, asked from a thread so that nobody's output waits for the answer."""

import http.client
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

INTERVAL = 0.1
TIMEOUT = 3.0


def ask(url: str) -> str | None:
    """None when `url` is ready ("http://" answers 200, a Valkey a PING), else why it is not.

    Raises ValueError where `url` is no address of either.
    """
    try:
        if url.startswith("http://"):
            return _get(url)
        _ping(url)
        return None
    except (OSError, http.client.HTTPException, redis.RedisError) as error:
        return str(error).rstrip(".") or type(error).__name__


def _ping(url: str) -> None:
    client = redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    with client:
        client.ping()


def _get(url: str) -> str | None:
    parts = urlsplit(url)
    if parts.hostname is None or parts.port is None:
        raise ValueError(f"{url} names no host and port")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path)
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
