"""The page that says which test shows which rule tells the truth."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "explanation" / "statistics.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| [^|]+ \| (.+) \|$", PAGE, re.MULTILINE)


def test_every_rule_has_a_test() -> None:
    assert [int(rule) for rule, _ in ROWS] == list(range(1, 13))


def test_the_tests_named_are_there() -> None:
    named = [name for _, shown in ROWS for name in re.findall(r"`([\w/.]+)::(\w+)`", shown)]
    assert len(named) >= len(ROWS)
    sources = ((ROOT / "tests" / "experiments" / file).read_text() for file, _ in named)
    lacking = [
        test
        for (_, test), source in zip(named, sources, strict=True)
        if f"def {test}(" not in source
    ]
    assert lacking == []


def test_every_method_has_a_page_in_the_index() -> None:
    pages = (ROOT / "docs" / "explanation" / "statistics").glob("*.md")
    assert [page.name for page in pages if f"](statistics/{page.name})" not in PAGE] == []
