"""`manage.py analyse` as it is called: a process of its own that prints, and keeps nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.offline.conftest import Files, arms

ROOT = Path(__file__).parents[2]
HEAVY = (
    *("tensorflow", "keras", "celery", "rest_framework", "plotly", "redis"),
    *("pandas", "scipy.stats", "scipy.optimize", "pyarrow.parquet"),
    *("django.db.models", "django.http", "django.template"),
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As on a machine without a database, from a folder where nothing may appear."""
    environment = os.environ | {
        "WINNOW_VAR": str(folder / "var"),
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    }
    command = [sys.executable, str(ROOT / "manage.py"), "analyse", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def bandit(files: Files) -> Files:
    """46 clicks of 10,000 against 69 of 10,000, as in the Open Bandit data."""
    files.write(*arms(control=(10_000, 46), treatment=(10_000, 69)))
    return files


def compared(printed: dict[str, Any], method: str) -> dict[str, float]:
    [metric] = printed["metrics"]
    [comparison] = metric["comparisons"]
    [found] = [
        result
        for result in comparison["results"]
        if (result["method"], result["scale"]) == (method, "absolute")
    ]
    return {name: found[name] for name in ("effect", "low", "high", "p_value")}


def test_the_figures_of_open_bandit(bandit: Files, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    options = ["--exposures", "exposures.parquet", "--events", "events.parquet", "--json"]

    done = run(tmp_path, *options, "--metrics", "clicked", "--tuning", "5000")

    assert done.returncode == 0
    printed = json.loads(done.stdout)
    assert compared(printed, "fixed") == pytest.approx(
        {"effect": 0.0023, "low": 0.00020433, "high": 0.00439567, "p_value": 0.0314726}, abs=5e-8
    )
    assert compared(printed, "sequential") == pytest.approx(
        {"effect": 0.0023, "low": -0.0010434, "high": 0.0056434, "p_value": 0.6072563}, abs=5e-8
    )
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "Looking at the files",
        "Counting 20,000 exposures and what came after",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_what_is_wrong_is_said_on_standard_error_and_nothing_is_made(tmp_path: Path) -> None:
    files = ["--exposures", "none.parquet", "--events", "none.parquet"]

    missing = run(tmp_path, *files, "--metrics", "ctr", "--json")
    zoneless = run(tmp_path, *files, "--metrics", "ctr", "--as-of", "2026-03-01")

    threads = run(tmp_path, *files, "--metrics", "ctr", "--threads", "0")
    memory = run(tmp_path, *files, "--metrics", "ctr", "--memory", "lots")

    assert threads.returncode == 2
    assert "argument --threads: '0' is not a whole number of 1 or more" in threads.stderr
    assert memory.returncode == 2
    assert "argument --memory: 'lots' is no amount of memory such as 4GB or 500MB" in memory.stderr
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == "CommandError: --exposures: there is no file none.parquet.\n"
    assert (zoneless.returncode, zoneless.stdout) == (2, "")
    assert "'2026-03-01' is no time with a zone" in zoneless.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_starts_without_what_only_the_server_needs(filled: Files, tmp_path: Path) -> None:
    options = ["--exposures", "exposures.parquet", "--events", "events.parquet", "--metrics", "ctr"]
    manage = str(ROOT / "manage.py")
    ask = f"""
import runpy, sys
sys.argv = {["manage.py", "analyse", *options]}
sys.path.insert(0, {str(ROOT)!r})
runpy.run_path({manage!r}, run_name="__main__")
print([name for name in {HEAVY} if sys.modules.get(name)])"""

    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"
