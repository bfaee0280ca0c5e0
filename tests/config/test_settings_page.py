"""docs/reference/settings.md lists what can be set, all of it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
READ = re.compile(r"""environ(?:\.get\(|\[)"((?:WINNOW_|DATABASE_|VALKEY_)\w+)"[,)\]]""")
BETWEEN_PROCESSES = {"WINNOW_SUPERVISED"}  # said by `up` to its children, nobody's to set


def test_every_variable_that_is_read_is_on_the_page() -> None:
    sources = [
        file
        for room in ("platform", "experiments", "recommenders")
        for file in (ROOT / room).rglob("*.py")
    ]
    read = {name for file in sources for name in READ.findall(file.read_text())}
    page = (ROOT / "docs" / "reference" / "settings.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {"WINNOW_VAR", "VALKEY_URL", "WINNOW_URL"} <= read
    assert read - BETWEEN_PROCESSES - listed == set()
