"""The processes of one Winnow on one machine, as a pure function of paths and ports."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from config import valkey
from config.supervisor.specs import ProcessSpec

QUEUES = ("train", "import", "serve", "analysis")
WEB_WORKERS = 2
WEB_THREADS = 8  # per worker; measured in docs/adr/0003


def process_list(
    *,
    python: str,
    valkey_server: str,
    root: Path,
    var: Path,
    port: int,
    valkey_socket: Path | None,
    demo: bool,
) -> tuple[ProcessSpec, ...]:
    """Every process to hold, in the order to start them.

    root: the checkout. valkey_socket: None when a Valkey of the user's own is used. The graces of
    the stop orders add up to 8.5 s, below the 10 s within which all must be gone.
    """
    manage = (python, str(root / "manage.py"))
    specs = [_web(python, port), *(_worker(python, queue) for queue in QUEUES)]
    specs += [_beat(python, var), _drain(manage)]
    if valkey_socket is not None:
        specs = [replace(spec, after="valkey") for spec in specs]
        specs.insert(0, _valkey(valkey_server, var, valkey_socket))
    if demo:
        specs.append(_demo(manage))
    return tuple(specs)


def child_environment(
    base: Mapping[str, str], *, root: Path, var: Path, port: int, valkey_url: str
) -> dict[str, str]:
    """The environment every process gets: `base` and where things are."""
    return {
        **base,
        "CELERY_SKIP_CHECKS": "1",  # `up` has run them: they import all the pages
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(root / "platform"),
        "PYTHONUNBUFFERED": "1",
        "VALKEY_URL": valkey_url,
        "WINNOW_SUPERVISED": "1",
        "WINNOW_URL": address(port),
        "WINNOW_VAR": str(var),
    }


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _valkey(binary: str, var: Path, socket: Path) -> ProcessSpec:
    # No port: var/ is closed to others, a port of this machine would be open to all of them.
    # A write is in the append-only file before its reply, so a killed Valkey comes back with all.
    command = (
        *(binary, "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(var / valkey.FOLDER)),
        *("--daemonize", "no", "--loglevel", "warning"),
        *("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
        # Past this, what expires soonest goes first: remembered event ids, then slates and
        # histories. Celery's messages never expire, so they are never let go.
        *("--maxmemory", "1gb", "--maxmemory-policy", "volatile-ttl"),
    )
    return ProcessSpec(
        name="valkey",
        command=command,
        stop_order=3,
        grace=1.5,
        ready=valkey.socket_url(socket),
        # It never forks to save, so what it asks of the kernel for that is not worth a first line.
        unsaid=("Memory overcommit must be enabled",),
    )


def _web(python: str, port: int) -> ProcessSpec:
    # Below errors granian only warns of the number of threads, which was measured.
    command = (
        *(python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", str(WEB_WORKERS)),
        *("--blocking-threads", str(WEB_THREADS), "--respawn-failed-workers"),
        *("--workers-kill-timeout", "2", "--log-level", "error", "config.wsgi:application"),
    )
    return ProcessSpec(
        name="web",
        command=command,
        stop_order=0,
        grace=2.5,
        port=port,
        ready=f"{address(port)}/readyz",
        ready_line=f"Winnow is ready at {address(port)}/",
    )


def _worker(python: str, queue: str) -> ProcessSpec:
    # Threads, not Celery's default of forked children: those would outlive a killed worker, and a
    # fork of a process that has used TensorFlow hangs. A training has a fresh process of its own.
    command = (
        *(python, "-W", "ignore:You're running the worker with superuser", "-m", "celery"),
        *("-q", "-A", "config", "worker", "--queues", queue),
        *("--hostname", f"{queue}@%h", "--pool", "threads", "--concurrency", "1"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        *("--loglevel", "WARNING"),
    )
    return ProcessSpec(name=queue, command=command, stop_order=1, grace=2.5)


def _beat(python: str, var: Path) -> ProcessSpec:
    command = (
        *(python, "-m", "celery", "-q", "-A", "config", "beat", "--loglevel", "WARNING"),
        *("--schedule", str(var / "beat" / "schedule")),
    )
    return ProcessSpec(name="beat", command=command, stop_order=1, grace=2.5)


def _drain(manage: tuple[str, ...]) -> ProcessSpec:
    return ProcessSpec(name="drain", command=(*manage, "drain"), stop_order=2, grace=2.0)


def _demo(manage: tuple[str, ...]) -> ProcessSpec:
    return ProcessSpec(
        name="demo", command=(*manage, "demo"), stop_order=0, grace=2.5, after="web", once=True
    )
