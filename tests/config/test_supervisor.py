"""What a person sees of `manage.py up`: lines, restarts, an ordered stop, nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.config.helpers import Run, alive, descendants, eventually, spec

Start = Callable[..., Run]

SLEEPS = "import time; print('here', flush=True); time.sleep(600)"
# A process with a child of its own, in a session of its own, on a leash; it names the child.
PARENT = """
import subprocess, sys, time
from config import leash
child = "import sys, time; from config import leash; leash.bind_to_parent(int(sys.argv[1]));"
child += "print('bound', flush=True); time.sleep(600)"
import os
subprocess.Popen([sys.executable, "-c", child, str(os.getpid())], start_new_session=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('here', flush=True)
time.sleep(600)
"""


def says_on_stop(name: str) -> str:
    return f"""
import signal, sys, time
def stop(*_):
    time.sleep(.2)
    print('{name} is done', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print('here', flush=True)
time.sleep(600)
"""


def test_every_line_is_whole_and_carries_the_name_of_its_process(start: Start) -> None:
    shout = "import os, time\nfor i in range(300): os.write(1, b'{0}' * 40); os.write(1, b'\\n')\n"
    run = start(
        spec("one", shout.replace("{0}", "a"), once=True),
        spec("three", shout.replace("{0}", "b"), once=True),
    )
    run.wait_for("^three \\| b", 300)
    run.wait_for("^one   \\| a", 300)
    assert run.stop() == 0
    assert run.lines.count("one   | " + "a" * 40) == 300
    assert run.lines.count("three | " + "b" * 40) == 300
    assert run.lines[-2:] == ["up    | stopping", "up    | stopped"]


def test_one_that_dies_comes_back_after_a_growing_pause(start: Start) -> None:
    run = start(spec("frail", "import sys; print('born', flush=True); sys.exit(3)"))
    begun = time.monotonic()
    run.wait_for("born", 3)
    assert time.monotonic() - begun >= 3.0  # after pauses of 1 s and 2 s
    assert run.wait_for("ended", 3) == [
        f"up    | frail ended with exit code 3 after 0 s; it starts again in {pause} s"
        for pause in (1, 2, 4)
    ]


def test_one_whose_work_is_done_does_not_come_back(start: Start) -> None:
    run = start(spec("brief", "print('done')", once=True), spec("other", SLEEPS))
    run.wait_for("brief \\| done")
    run.wait_for("other \\| here")
    time.sleep(1.3)
    assert run.find("done") == ["brief | done"]
    assert run.find("again") == []


def test_one_waits_until_what_it_needs_is_ready(start: Start, port: int) -> None:
    server = f"""
import http.server, time
time.sleep(.5)
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/readyz' else 404)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(('127.0.0.1', {port}), Ready).serve_forever()
"""
    ready = f"http://127.0.0.1:{port}/readyz"
    run = start(
        spec("guest", SLEEPS, after="web"),
        spec("web", server, port=port, ready=ready, ready_line="web is ready"),
    )
    run.wait_for("guest \\| here")
    assert [line.partition("| ")[2] for line in run.lines] == ["web is ready", "here"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_goes_in_order_and_leaves_nothing(start: Start, number: int) -> None:
    run = start(
        spec("valkey", says_on_stop("valkey"), stop_order=3),
        spec("drain", says_on_stop("drain"), stop_order=2),
        spec("web", says_on_stop("web"), stop_order=0),
    )
    run.wait_for("here", 3)
    processes = descendants(run.pid)
    assert run.stop(number) == 0
    assert [line.partition("| ")[2] for line in run.lines[3:]] == [
        "stopping",
        "web is done",
        "drain is done",
        "valkey is done",
        "stopped",
    ]
    assert len(processes) == 3
    assert not any(map(alive, processes))


def test_one_that_will_not_stop_is_killed_when_its_grace_is_over(start: Start) -> None:
    run = start(spec("stubborn", STUBBORN, grace=0.5))
    run.wait_for("here")
    (process,) = descendants(run.pid)
    begun = time.monotonic()
    assert run.stop() == 0
    assert time.monotonic() - begun >= 0.5
    assert not alive(process)


def test_a_second_ctrl_c_waits_for_no_grace(start: Start) -> None:
    run = start(spec("stubborn", STUBBORN, grace=60.0))
    run.wait_for("here")
    run.process.send_signal(signal.SIGINT)
    run.wait_for("stopping")
    assert run.stop(signal.SIGINT) == 0


def test_kill_9_of_the_supervisor_takes_children_and_grandchildren_along(start: Start) -> None:
    run = start(spec("parent", PARENT), spec("plain", SLEEPS))
    run.wait_for("bound")
    run.wait_for("here")
    processes = descendants(run.pid)
    assert len(processes) == 3
    run.process.kill()
    assert eventually(lambda: not any(map(alive, processes)))


def test_kill_9_of_a_child_takes_its_own_children_along(start: Start) -> None:
    """Also those that never tied themselves, in whatever session they are."""
    loose = PARENT.replace("leash.bind_to_parent(int(sys.argv[1]));", "")
    run = start(spec("parent", loose))
    run.wait_for("bound")
    (parent,) = [pid for pid in descendants(run.pid) if descendants(pid)]
    (grandchild,) = descendants(parent)
    os.kill(parent, signal.SIGKILL)
    assert eventually(lambda: not alive(grandchild))
    run.wait_for("ended with signal 9")
    run.wait_for("bound", 2)


def test_a_second_supervisor_refuses_and_names_the_first(start: Start, tmp_path: Path) -> None:
    first = start(spec("one", SLEEPS))
    first.wait_for("here")
    written = (tmp_path / "lock").read_text()
    second = start(spec("two", SLEEPS))
    assert second.process.wait(5) == 1
    second.reader.join(5)
    assert second.lines == [
        f"Winnow already runs on {tmp_path}: process {first.pid}, http://127.0.0.1:1. Open that, "
        f"or stop it with `kill {first.pid}`, or set WINNOW_VAR to another folder."
    ]
    assert (tmp_path / "lock").read_text() == written == f"{first.pid} http://127.0.0.1:1\n"


def test_a_child_that_outlives_its_supervisor_keeps_the_lock(start: Start, tmp_path: Path) -> None:
    escape = "import ctypes; ctypes.CDLL(None).prctl(1, 0, 0, 0, 0);" + SLEEPS
    first = start(spec("escaped", escape))
    first.wait_for("here")
    (escaped,) = descendants(first.pid)
    first.process.kill()
    first.process.wait()
    try:
        second = start(spec("two", SLEEPS))
        assert second.process.wait(8) == 1
        second.reader.join(5)
        assert second.lines == [
            f"A process left over from an earlier Winnow still holds {tmp_path / 'lock'}. "
            f"Find it with `fuser {tmp_path / 'lock'}`, stop it, and try again."
        ]
    finally:
        os.kill(escaped, signal.SIGKILL)
    third = start(spec("three", SLEEPS))
    third.wait_for("here")


def test_a_port_taken_at_a_restart_is_not_shared(start: Start, port: int) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        run = start(spec("web", SLEEPS, port=port))
        run.wait_for(f"web cannot start: Port {port} of 127.0.0.1 is taken")
        assert descendants(run.pid) == set()
    run.wait_for("here")


def test_it_stops_when_nobody_reads_it_any_more(start: Start) -> None:
    run = start(spec("chatty", "import time\nwhile True: print('x', flush=True); time.sleep(.05)"))
    run.wait_for("x")
    processes = descendants(run.pid)
    run.stop_reading()
    run.process.wait(5)
    assert len(processes) == 1
    assert not any(map(alive, processes))
