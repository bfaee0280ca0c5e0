"""Which metrics, in which role; and one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.offline.conftest import Files, after, arms, value

SPENT = {
    "key": "spent",
    "name": "Spent",
    "kind": "mean",
    "numerator": {"source": "events", "type": "purchase", "aggregation": "sum"},
}


def roles(printed: dict[str, Any]) -> dict[str, str]:
    return {metric["metric"]: metric["role"] for metric in printed["metrics"]}


def test_the_first_metric_is_the_goal_unless_goals_are_named(filled: Files) -> None:
    several = ["--metrics", "ctr,clicked,clicks_per_user"]

    assert roles(filled.analysed(*several)) == {
        "ctr": "goal",
        "clicked": "secondary",
        "clicks_per_user": "secondary",
    }
    both = filled.analysed(*several, "--goals", "clicked,ctr")
    assert [key for key, role in roles(both).items() if role == "goal"] == ["ctr", "clicked"]
    assert both["correction"] == "holm"


def test_guardrails_have_a_margin(files: Files) -> None:
    exposures, clicks = arms(control=(400, 80), new=(400, 80))
    slow = [row | {"latency_ms": 300 if i % 3 else 20} for i, row in enumerate(exposures)]
    files.write(slow, clicks)

    printed = files.analysed("--metrics", "ctr", "--guardrails", "slow_slates:0.5")

    [guardrail] = printed["metrics"][1]["comparisons"]
    assert roles(printed) == {"ctr": "goal", "slow_slates": "guardrail"}
    assert (guardrail["guardrail"]["margin"], guardrail["guardrail"]["state"]) == (0.5, "safe")
    assert files.refused("--metrics", "ctr", "--guardrails", "ctr:0.5") == (
        "--guardrails: ctr is a goal: it cannot be both."
    )
    assert files.refused("--metrics", "ctr", "--guardrails", "clicked:5") == (
        "--guardrails: margin of clicked must lie above 0 and below 1."
    )


def test_goals_are_judged_a_second_time_where_asked(filled: Files) -> None:
    printed = filled.analysed("--metrics", "ctr", "--resamples", "200")

    [comparison] = printed["metrics"][0]["comparisons"]
    assert [(found["method"], found["drawn"]) for found in comparison["redrawn"]] == [
        ("bootstrap", 200),
        ("permutation", 200),
    ]
    assert filled.refused("--metrics", "ctr", "--resamples", "5") == (
        "--resamples: must be 0, or from 200 to 100,000."
    )


def test_an_unknown_metric_is_refused_with_the_known_ones(filled: Files) -> None:
    said = filled.refused("--metrics", "ctr,gmv")

    assert said.startswith("--metrics: There is no metric 'gmv'. Known: ctr, clicks_per_user, ")
    assert said.endswith("unattributed_clicks, retention_day_N.")


def test_a_metric_whose_column_is_missing_is_refused(filled: Files) -> None:
    assert filled.refused("--metrics", "slow_slates") == (
        "--exposures: has no usable column 'latency_ms', which slow_slates needs."
    )
    assert filled.refused("--metrics", "revenue_per_user") == (
        "--events: has no usable column 'value', which revenue_per_user needs."
    )


def test_retention_is_known_for_any_day(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    back = [row | {"at": row["at"].replace(day=4)} for row in exposures[:50]]
    end = [clicks[0] | {"at": after(10 * 86_400)}]
    files.write([*exposures, *back], [*clicks, *end])

    assert value(files.analysed("--metrics", "retention_day_3"), "retention_day_3") == {
        "control": 0.25,
        "new": 0.0,
    }


def test_metrics_of_ones_own(files: Files, tmp_path: Path) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    bought = [row | {"type": "purchase", "value": 2.5} for row in clicks]
    files.write(exposures, bought)
    path = tmp_path / "metrics.json"
    options = ["--metrics", "spent", "--definitions", str(path)]

    def said(content: object) -> str:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return files.refused(*options).replace(str(path), "metrics.json")

    path.write_text(json.dumps([SPENT]))
    many = files.analysed(*options)
    path.write_text(json.dumps(SPENT))

    assert value(many, "spent") == {"control": 0.5, "new": 0.75}
    assert files.analysed(*options) == many
    must = "--definitions: metrics.json must hold a metric's definition or a list of such: "
    assert said("{") == f"{must}Input data was truncated."
    assert said(SPENT | {"kind": "ratio"}) == (
        f"{must}denominator: a ratio, and only a ratio, has a denominator."
    )
    assert said([SPENT, SPENT]) == "--definitions: defines one key twice."
    assert said(SPENT | {"key": "ctr"}) == ("--definitions: ctr is built in: choose another key.")
    assert said([SPENT | {"winsorize": 0.9}]) == (
        f"{must}Object contains unknown field `winsorize` - at `$[0]`."
    )
    path.unlink()
    assert (
        files.refused(*options)
        == f"--definitions: {path} cannot be read: No such file or directory."
    )
