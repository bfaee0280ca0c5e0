"""How the database that DATABASE_URL names is reached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = (
    "import json; from django.conf import settings; d = settings.DATABASES['default'];"
    "print(json.dumps([d['CONN_HEALTH_CHECKS'], d.get('OPTIONS', {}).get('connect_timeout')]))"
)


@pytest.mark.parametrize(
    ("url", "timeout"),
    [
        ("sqlite:////tmp/winnow.sqlite3", None),
        ("postgresql://ada:pw@db/winnow", 3),
        ("postgresql://ada:pw@db/winnow?connect_timeout=9", 9),
    ],
)
def test_connections_are_checked_and_a_database_that_hangs_is_given_up(
    tmp_path: Path, url: str, timeout: int | None
) -> None:
    environment = os.environ | {"WINNOW_VAR": str(tmp_path), "DATABASE_URL": url}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": "platform"}
    answer = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answer.stdout) == [True, timeout]
