# ruff: noqa: E501, RUF001  (what is printed, as it is printed)
"""What the command prints for a person."""

from __future__ import annotations

from tests.offline.conftest import Files, arms

DECIDED = """\
experiment: 4,000 users, 2026-03-01 00:00 to 2026-03-01 00:33 UTC
Ship (new). Goals CTR (adjusted p < .001) and Clicks per user (adjusted p < .001) are better, and no guardrail was asked to be shown safe.

metric                  variant  users   value     lift  interval          p
CTR (goal)              control  2,000   2.00%
                        new      2,000   6.00%  +200.0%  +74.8 to +540.5%  < .0001  better.
Clicks per user (goal)  control  2,000  0.0200
                        new      2,000  0.0600  +200.0%  +74.8 to +540.5%  < .0001  better.
Intervals are always valid at 95%. Goals are corrected for 2 tests by Holm.

Health
  ok      sample ratio: users arrived in the arms in the ratio of the weights (p > .99).
  ok      users in two variants: nobody was seen in two variants.
  ok      users left out: nobody was taken for bots or staff by a rule.

Left out
  0 users seen in two variants
  0 users by the rule: more than 1,000 slates a day
  0 users by the rule: more than 2,000 events a day

Assumed
  No weights are given: variants are taken to have equal traffic.
  No tuning is given: the 4,000 users found are taken for the planned ones.
"""
COLLECTING = """\
experiment: 209 users, 2026-03-01 00:00 to 2026-03-01 00:01 UTC
Collecting (new). Goal CTR is still below the floor, where nothing is judged.

metric                   variant  users   value  lift  interval  p
CTR (goal)               control     89   0.00%                     All users of an arm have the same value.
                         new        120  25.00%     –  –         –  collecting: control has 89 of 100 users. All users of an arm have the same value.
Retention, day 7         control      0       –                     Too few users yet.
                         new          0       –     –  –         –  collecting: control has 0 of 100 users. Too few users yet.
Slow slates (guardrail)  control     89   0.00%                     All users of an arm have the same value.
                         new        120   0.00%     –  –         –  collecting (margin 5%). All users of an arm have the same value.
Intervals are always valid at 95%.

Health
  ok      sample ratio: users arrived in the arms in the ratio of the weights (p = .032).
  ok      users in two variants: 1 of 210 users were seen in two variants, alike in all arms; they are left out (p = .857).
  ok      users left out: nobody was taken for bots or staff by a rule.

Left out
  1 user seen in two variants
  0 users by the rule: more than 1,000 slates a day
  0 users by the rule: more than 2,000 events a day
"""


def test_a_table_with_the_decision_above_and_the_assumptions_below(files: Files) -> None:
    files.write(*arms(control=(2_000, 40), new=(2_000, 120)))

    printed = files.printed("--metrics", "ctr,clicks_per_user", "--goals", "ctr,clicks_per_user")

    assert printed == DECIDED


def test_what_is_collecting_or_has_no_answer_says_why(files: Files) -> None:
    exposures, clicks = arms(control=(90, 0), new=(120, 30))
    slow = [row | {"latency_ms": 10.0} for row in exposures]
    files.write([*slow, slow[5] | {"variant": "new"}], clicks)

    printed = files.printed(
        *("--metrics", "ctr,retention_day_7", "--guardrails", "slow_slates:0.05"),
        *("--weights", "control=1,new=1", "--tuning", "5000"),
    )

    assert printed == COLLECTING


def test_segments_and_figures_of_the_slates_are_printed_too(files: Files) -> None:
    exposures, clicks = arms(control=(120, 30), new=(120, 60))
    listed = [
        {**row, "items": [f"i{i % 4}"], "tier": "gold" if i % 3 else None}
        for i, row in enumerate(exposures)
    ]
    files.write(listed, clicks)

    printed = files.printed(
        "--metrics", "clicked", "--segments", "tier", "--described"
    ).splitlines()

    assert printed[6:10] == [
        "  tier: gold              control     80  25.00%",
        "                          new         80  50.00%  +100.0%  +7.0 to +407.6%     .021",
        "  tier: none              control     40  25.00%",
        "                          new         40  50.00%  +100.0%  −21.3 to +1,440.1%  .240",
    ]
    assert [line for line in printed if line.startswith(("figure", "different", "novelty"))] == [
        "figure           variant  slates  value",
        "different items  control     120   4.00",
        "novelty          control     120      –        No pre period.",
        "different items  new         120   4.00",
        "novelty          new         120      –        No pre period.",
    ]


def test_a_posterior_shows_the_chance_to_win(files: Files) -> None:
    files.write(*arms(control=(2_000, 40), new=(2_000, 120)))

    printed = files.printed("--metrics", "clicked", "--method", "bayesian").splitlines()

    assert printed[3:7] == [
        "metric                    variant  users  value     lift  interval           chance to win",
        "Users who clicked (goal)  control  2,000  2.00%",
        "                          new      2,000  6.00%  +202.3%  +111.2 to +325.9%  100.0%         better.",
        "Intervals are credible at 95%.",
    ]
