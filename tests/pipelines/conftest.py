import pytest


@pytest.fixture(autouse=True)
def _as_just_started(fresh_process: object) -> None:
    """Every test here begins as a process does."""
