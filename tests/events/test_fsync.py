"""What is promised is on the disk by then: seen from outside, by the system calls of the server
that answers 202, and of the drain that removes a journal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from events.journal import Journal
from events.records import Event
from tests.events.torture import ROOT, kill_group, start
from tests.ports import free_port
from tests.stack import wait_for

STRACE = shutil.which("strace")
FILE_CALLS = "fsync,fdatasync,link,linkat,unlink,unlinkat,rename,renameat,renameat2"
CALLS = "write,writev,pwrite64,fsync,fdatasync,sendto,sendmsg"
PREPARE = """
from django.core.management import call_command
from serving.keys import create_key
call_command("migrate", verbosity=0)
print(create_key("fsync")[1])
"""

pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A web server with one worker, its system calls noted in `trace` in the order they return."""

    url: str
    key: str
    trace: Path

    def post(self, path: str, body: str) -> int:
        request = urllib.request.Request(
            f"{self.url}{path}", body.encode(), {"X-API-Key": self.key, "X-Request-ID": "1"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)

    def answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/healthz", timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    var = tmp_path_factory.mktemp("fsync")
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT / "platform"),
        "VALKEY_URL": "redis://127.0.0.1:1",  # durability needs none
        "WINNOW_VAR": str(var),
    }
    made = subprocess.run(
        [sys.executable, ROOT / "manage.py", "shell", "--no-imports", "-c", PREPARE],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    port, trace = free_port(), var / "trace"
    server = (sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port))
    command = (str(STRACE), "-f", "-s", "65536", "-e", f"trace={CALLS}", "-o", str(trace), *server)
    process = start([*command, "--workers", "1", "config.wsgi:application"], env)
    try:
        traced = Traced(url=f"http://127.0.0.1:{port}", key=made.stdout.strip(), trace=trace)
        wait_for(traced.answers, 60, "the traced web server")
        yield traced
    finally:
        kill_group(process)


@pytest.mark.parametrize("name", ["into-a-new-file", "into-one-that-is-open"])
def test_an_fsync_lies_between_the_write_of_an_event_and_its_202(web: Traced, name: str) -> None:
    before = len(_lines(web))
    body = f'{{"events": [{{"id": "{name}", "type": "click", "user": "u"}}]}}'
    assert web.post("/api/v1/events", body) == 202
    wait_for(lambda: _find(r"HTTP/1\.1 202", _lines(web)[before:]), 5, "the answer")
    calls = _lines(web)[before:]
    [written] = _find(rf'write\((\d+), ".*{name}', calls)
    [answered] = _find(r"HTTP/1\.1 202", calls)
    [fd] = re.findall(r"write\((\d+),", calls[written])
    synced = _find(rf"f(data)?sync\({fd}\) .*= 0$|f(data)?sync resumed.*= 0$", calls)
    assert [place for place in synced if written < place < answered], calls


def test_rows_are_on_the_disk_before_their_commit_and_that_before_the_journal_goes(
    tmp_path: Path, event: Callable[..., Event]
) -> None:
    journal = Journal(tmp_path / "journal", "events")
    journal.append([event("a")])
    journal.close()
    trace = tmp_path / "trace"
    strace = (str(STRACE), "-f", "-y", "-e", f"trace={FILE_CALLS}", "-o", str(trace))
    drain = (sys.executable, str(ROOT / "manage.py"), "drain", "--once")
    env = os.environ | {"WINNOW_VAR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run([*strace, *drain], env=env, check=True, stdout=subprocess.DEVNULL, timeout=60)

    calls = trace.read_text(errors="replace").splitlines()

    def first(pattern: str) -> int:
        return _find(pattern, calls)[0]

    rows, day = first(r"fsync\(.*/day=[^/]*/[^/]*\.parquet>"), first(r"fsync\(.*/day=[^/]*>")
    made = first(r'link(at)?\(.*"[^"]*/0{19}1\.json", 0\) += 0')
    commit, folder = (
        first(r"fsync\(.*/0{19}1\.json>"),
        _find(r"fsync\(.*/events/_delta_log>", calls)[-1],
    )
    gone = first(r'unlink(at)?\(.*\.journal"')
    assert max(rows, day) < made < commit < folder < gone, calls


def _lines(web: Traced) -> list[str]:
    return web.trace.read_text(errors="replace").splitlines()


def _find(pattern: str, lines: list[str]) -> list[int]:
    return [place for place, line in enumerate(lines) if re.search(pattern, line)]
