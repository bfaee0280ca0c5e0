"""platform/ is a folder of sources. As a package it would stand in for the standard library's
module of that name, and numpy, celery and TensorFlow would break far from the cause."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASK = "import platform; print(platform.__file__); print(platform.system())"


def test_platform_is_not_a_package() -> None:
    assert (ROOT / "platform").is_dir()
    assert not (ROOT / "platform" / "__init__.py").exists()


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ([sys.executable, "manage.py", "shell", "--no-imports", "-c", ASK], ""),
        ([sys.executable, "-c", ASK], "platform"),  # as Celery and granian are started
        ([sys.executable, "-c", ASK], os.pathsep.join(["platform", "."])),
    ],
)
def test_import_platform_is_the_standard_library(
    command: list[str], path: str, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": path, "WINNOW_VAR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.splitlines() == [
        str(Path(sysconfig.get_path("stdlib")) / "platform.py"),
        os.uname().sysname,
    ]
