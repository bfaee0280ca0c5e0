"""A supervisor of made-up processes in a process of its own: `fake_up.py LOCK JSON`."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(1, str(ROOT / "platform"))

from config.supervisor import SupervisorError, lock  # noqa: E402
from config.supervisor.loop import SELF, Supervisor  # noqa: E402
from config.supervisor.output import Printer  # noqa: E402
from config.supervisor.processes import child_environment  # noqa: E402
from config.supervisor.specs import ProcessSpec  # noqa: E402


def main(lock_path: Path, specs: list[ProcessSpec]) -> None:
    try:
        held = lock.acquire(lock_path, address="http://127.0.0.1:1", patience=1)
    except SupervisorError as error:
        sys.exit(str(error))
    Supervisor(
        specs,
        environment=child_environment(
            {"PATH": "/usr/bin:/bin"}, root=ROOT, var=lock_path.parent, port=1, valkey_url=""
        ),
        folder=lock_path.parent,
        printer=Printer(
            sys.stdout,
            [SELF, *(spec.name for spec in specs)],
            unsaid={spec.name: spec.unsaid for spec in specs},
        ),
        keep_open=held,
    ).run()


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    main(
        Path(sys.argv[1]),
        [ProcessSpec(**spec | {"command": tuple(spec["command"])}) for spec in given],
    )
