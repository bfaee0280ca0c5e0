"""The file by which other implementations can be held against this one."""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from experiments.assignment import Plan, Reason, assign, assign_on, bucket, bucket_many
from experiments.assignment.conditions import compiled

CONTRACTS = Path(__file__).parents[2] / "contracts"
TEXT = (CONTRACTS / "assignment.json").read_text()
CONTRACT: dict[str, Any] = json.loads(TEXT)
PLAN = msgspec.convert(CONTRACT["plan"], Plan)


def test_the_file_is_what_its_script_writes() -> None:
    spec = importlib.util.spec_from_file_location("make", CONTRACTS / "make_assignment.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)

    assert make.text() == TEXT


def test_buckets_are_those_of_the_file() -> None:
    for seed, unit, expected in CONTRACT["vectors"]:
        assert bucket(seed, unit) == expected
        assert bucket_many(seed, [unit]).tolist() == [expected]


@pytest.mark.parametrize("case", CONTRACT["conditions"], ids=lambda case: str(case["condition"]))
def test_conditions_are_met_by_those_of_the_file(case: dict[str, Any]) -> None:
    test = compiled(case["condition"])

    assert [test(attributes) for attributes in CONTRACT["attributes"]] == case["met"]


def test_assignments_are_those_of_the_file() -> None:
    for case in CONTRACT["cases"]:
        user, attributes, device = case["user"], case["attributes"], case["device"]
        assert msgspec.to_builtins(assign(PLAN, user, attributes, device=device)) == tuple(
            case["assignments"]
        )
        for expected in case["assignments"]:
            given = assign_on(PLAN, user, expected["placement"], attributes, device=device)
            assert msgspec.to_builtins(given) == expected


def test_the_file_has_every_reason() -> None:
    told = Counter(one["reason"] for case in CONTRACT["cases"] for one in case["assignments"])

    assert set(told) == {reason.value for reason in Reason}
    assert min(told.values()) >= 2
