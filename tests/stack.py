"""All of Winnow, as `manage.py up` runs it, on a port and a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.installation import behaviour
from tests.tied import tied

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 240
PASSWORD = "winnow-tests-9f2c"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A running installation: `supervisor` is `manage.py up`."""

    var: Path
    port: int
    env: dict[str, str]
    supervisor: subprocess.Popen[bytes]
    key: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """The output of a command of manage.py."""
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def manage_all(self, *commands: Sequence[str]) -> str:
        """The output of commands of manage.py that run after one another in one process."""
        calls = [f"call_command({', '.join(map(repr, command))})\n" for command in commands]
        return self.shell("from django.core.management import call_command\n" + "".join(calls))

    def shell(self, code: str) -> str:
        """The output of Python code run inside Django."""
        return self.manage("shell", "--no-imports", "-c", code)

    def call(self, path: str, body: object = None) -> Any:
        """The answer of the API; raises urllib.error.HTTPError for a problem."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def call_until_it_works(self, path: str, body: object) -> Any:
        """As `call`, but sent again while a process is being replaced, as a shop's client does."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.call(path, body)
            except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def processes(self) -> dict[str, psutil.Process]:
        """The supervisor's direct children, by what they run."""
        named = {}
        for child in psutil.Process(self.supervisor.pid).children():
            try:
                words = " ".join(child.cmdline())
            except psutil.Error:  # it ended while we looked
                continue
            name = next((n for n, sign in _SIGNS.items() if sign in words), words)
            named[name] = child
        return named

    def stop(self) -> int:
        self.supervisor.send_signal(signal.SIGTERM)
        return self.supervisor.wait(20)


_SIGNS = {
    "valkey": "valkey-server",
    "web": "granian",
    "train": "--queues train",
    "import": "--queues import",
    "serve": "--queues serve",
    "analysis": "--queues analysis",
    "beat": " beat ",
    "drain": "manage.py drain",
}


def start(var: Path, port: int) -> Stack:
    """`manage.py up --no-demo`, ready for requests, with the user `ada` and an API key."""
    env = {k: v for k, v in os.environ.items() if k not in ("VALKEY_URL", "DATABASE_URL")}
    env |= {"WINNOW_VAR": str(var), "DJANGO_SETTINGS_MODULE": "config.settings"}
    var.mkdir(parents=True, exist_ok=True)
    with (var / "up.log").open("wb") as log:
        supervisor = subprocess.Popen(
            tied([sys.executable, ROOT / "manage.py", "up", "--no-demo", "--port", str(port)]),
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    stack = Stack(var=var, port=port, env=env, supervisor=supervisor)
    wait_for(lambda: _is_ready(stack), READY_SECONDS, f"a ready stack; see {var / 'up.log'}")
    stack.env["VALKEY_URL"] = _valkey_url(stack)
    stack.env["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    ada = ("createsuperuser", "--no-input", "--username", "ada", "--email", "ada@winnow.test")
    *_, key = stack.manage_all(ada, ("create_key", "tests")).split()
    return Stack(var=var, port=port, env=stack.env, supervisor=supervisor, key=key)


def wait_for(holds: Callable[[], object], seconds: float, what: str) -> None:
    """Returns as soon as `holds()` is true; fails the test where it never is."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.2)


def _is_ready(stack: Stack) -> bool:
    assert stack.supervisor.poll() is None, (stack.var / "up.log").read_text()
    try:
        with urllib.request.urlopen(f"{stack.url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _valkey_url(stack: Stack) -> str:
    """Where the embedded Valkey is, as the supervisor told its children."""
    return str(stack.processes()["web"].environ()["VALKEY_URL"])


def fill(stack: Stack) -> None:
    """Items and past behaviour by the product's own imports, and two recommenders by Celery."""
    items = stack.var / "items.jsonl"
    rows = [
        {"item": item, "title": f"Item {item}", "categories": [item[0]]}
        for item in sorted(set(behaviour()["item"]))
    ]
    items.write_text("".join(json.dumps(row) + "\n" for row in rows))
    past = stack.var / "past.csv"
    behaviour().assign(at=behaviour()["at"].map(lambda at: at.isoformat())).to_csv(
        past, index=False
    )
    stack.shell(
        "from recommenders.services import register\n"
        "register(key='popular', algorithm='popularity', config={})\n"
        "register(key='item-knn', algorithm='item_knn', config={})\n"
    )
    stack.manage_all(
        ("import_items", str(items)),
        ("import_events", str(past)),
        ("train", "popular"),
        ("train", "item-knn"),
        ("create_placement", "home", "popular", "--name", "Home"),
    )
