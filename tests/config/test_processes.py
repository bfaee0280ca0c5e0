"""The list of processes, as a value."""

from pathlib import Path

import pytest

from config.supervisor.child import pause_after
from config.supervisor.processes import child_environment, process_list
from config.supervisor.specs import ProcessSpec

SOCKET = Path("/w/var/valkey/socket")


def processes(*, valkey_socket: Path | None = SOCKET, demo: bool = True) -> dict[str, ProcessSpec]:
    specs = process_list(
        python="py",
        valkey_server="valkey-server",
        root=Path("/w"),
        var=Path("/w/var"),
        port=8000,
        valkey_socket=valkey_socket,
        demo=demo,
    )
    return {spec.name: spec for spec in specs}


def test_every_process_of_winnow_is_in_the_list() -> None:
    found = processes()
    assert list(found) == [
        "valkey",
        "web",
        "train",
        "import",
        "serve",
        "analysis",
        "beat",
        "drain",
        "demo",
    ]
    assert {name: spec.after for name, spec in found.items()} == {
        "valkey": None,
        "demo": "web",
        **dict.fromkeys(["web", "train", "import", "serve", "analysis", "beat", "drain"], "valkey"),
    }
    assert {name for name, spec in found.items() if spec.once} == {"demo"}


def test_without_demo_and_with_a_valkey_of_ones_own() -> None:
    found = processes(valkey_socket=None, demo=False)
    assert list(found) == ["web", "train", "import", "serve", "analysis", "beat", "drain"]
    assert {spec.after for spec in found.values()} == {None}


def test_what_receives_stops_before_what_it_hands_on_to_and_all_within_10_seconds() -> None:
    order: dict[int, set[str]] = {}
    for name, spec in processes().items():
        order.setdefault(spec.stop_order, set()).add(name)
    assert [order[key] for key in sorted(order)] == [
        {"web", "demo"},
        {"train", "import", "serve", "analysis", "beat"},
        {"drain"},
        {"valkey"},
    ]
    graces = [max(processes()[name].grace for name in names) for names in order.values()]
    assert sum(graces) == 8.5


def test_the_web_server_is_loopback_only_and_respawns_its_workers() -> None:
    web = processes()["web"]
    assert web.command == (
        *("py", "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "8000"),
        *("--workers", "2", "--blocking-threads", "8", "--respawn-failed-workers"),
        *("--workers-kill-timeout", "2", "--log-level", "error", "config.wsgi:application"),
    )
    assert (web.port, web.ready) == (8000, "http://127.0.0.1:8000/readyz")
    assert web.ready_line == "Winnow is ready at http://127.0.0.1:8000/"


def test_valkey_opens_no_port_keeps_its_data_and_stays_in_the_foreground() -> None:
    valkey = processes()["valkey"]
    command = " ".join(valkey.command)
    assert command.startswith(
        "valkey-server --port 0 --unixsocket /w/var/valkey/socket --unixsocketperm 700 "
        "--dir /w/var/valkey "
    )
    assert (valkey.port, valkey.ready) == (None, "unix:///w/var/valkey/socket?db=0")
    assert "--daemonize no" in command
    assert "--appendonly yes" in command


@pytest.mark.parametrize("queue", ["train", "import", "serve", "analysis"])
def test_each_queue_has_one_worker_without_forked_children(queue: str) -> None:
    command = " ".join(processes()[queue].command)
    assert f"--queues {queue} " in command
    assert "--pool threads --concurrency 1" in command


def test_the_environment_says_where_things_are_and_keeps_the_rest() -> None:
    environment = child_environment(
        {"HOME": "/home/a", "VALKEY_URL": "old"},
        root=Path("/w"),
        var=Path("/w/var"),
        port=8001,
        valkey_url="unix:///w/var/valkey/socket?db=0",
    )
    assert environment == {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HOME": "/home/a",
        "PYTHONPATH": "/w/platform",
        "PYTHONUNBUFFERED": "1",
        "CELERY_SKIP_CHECKS": "1",
        "VALKEY_URL": "unix:///w/var/valkey/socket?db=0",
        "WINNOW_SUPERVISED": "1",
        "WINNOW_URL": "http://127.0.0.1:8001",
        "WINNOW_VAR": "/w/var",
    }


def test_pauses_grow_to_half_a_minute() -> None:
    assert [pause_after(n) for n in range(1, 9)] == [1, 2, 4, 8, 16, 30, 30, 30]
