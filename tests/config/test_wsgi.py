from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.stack import ROOT


def test_a_web_server_of_its_own_writes_for_its_owner_alone(tmp_path: Path) -> None:
    program = "import config.wsgi, pathlib; pathlib.Path('written').touch()"
    subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}", "WINNOW_VAR": str(tmp_path)},
        umask=0o022,
        check=True,
    )

    assert (tmp_path / "written").stat().st_mode & 0o777 == 0o600
