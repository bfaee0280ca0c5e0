"""granian itself under the supervisor: its forked workers live and die with its main process."""

from __future__ import annotations

import os
import signal
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from config.supervisor import checks
from config.supervisor.child import children_of
from config.supervisor.exceptions import PortUnusableError
from config.supervisor.processes import process_list
from config.supervisor.specs import ProcessSpec
from tests.config.helpers import Run, alive, descendants, eventually

APPLICATION = """
import os
from config.leash import bind_to_parent
bind_to_parent()
def application(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


def web(folder: Path, port: int) -> ProcessSpec:
    """The product's own command, with a WSGI application that answers with its process id."""
    (folder / "tiny.py").write_text(APPLICATION)
    specs = process_list(
        python=sys.executable,
        valkey_server="",
        root=folder,
        var=folder,
        port=port,
        valkey_socket=None,
        demo=False,
    )
    (spec,) = [spec for spec in specs if spec.name == "web"]
    return replace(spec, command=(*spec.command[:-1], "tiny:application"))


def answering_worker(port: int) -> int:
    """Process id of a worker that answers; 0 when none does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return int(answer.read())
    except OSError:
        return 0


def port_is_free(port: int) -> bool:
    try:
        checks.require_port(port)
    except PortUnusableError:
        return False
    return True


def test_its_workers_come_back_and_never_outlive_it(
    start: Callable[..., Run], tmp_path: Path, port: int
) -> None:
    run = start(web(tmp_path, port))
    run.wait_for("Winnow is ready")
    (main,) = children_of(run.pid)
    assert eventually(lambda: len(children_of(main)) == 2)

    killed = answering_worker(port)
    os.kill(killed, signal.SIGKILL)
    assert eventually(lambda: len(children_of(main) - {killed}) == 2)  # one of them respawned
    workers = children_of(main)
    assert killed not in workers
    assert eventually(lambda: answering_worker(port) in workers)

    os.kill(main, signal.SIGKILL)
    assert eventually(lambda: not any(map(alive, workers)))
    run.wait_for("web ended with signal 9")
    assert eventually(lambda: answering_worker(port) not in {0, *workers})

    everything = descendants(run.pid)
    assert len(everything) == 3
    run.process.kill()
    assert eventually(lambda: not any(map(alive, everything)))
    assert eventually(lambda: port_is_free(port))  # the last thread of a worker closes it


def test_it_stops_in_time_though_a_client_keeps_its_connection(
    start: Callable[..., Run], tmp_path: Path, port: int
) -> None:
    import http.client

    run = start(web(tmp_path, port))
    run.wait_for("Winnow is ready")
    client = http.client.HTTPConnection("127.0.0.1", port)
    client.request("GET", "/")
    client.getresponse().read()
    processes = descendants(run.pid)
    assert run.stop() == 0
    assert not any(map(alive, processes))
    assert run.lines[-1].endswith("stopped")
    client.close()
