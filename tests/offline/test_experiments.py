"""What is taken from the files, what has to be said, and who counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.offline.conftest import Files, after, arms, notes, users, value


def several(files: Files) -> None:
    """Experiments `home`, and `cart` whose arms are called otherwise; and a row of none."""
    home, clicks = arms(control=(200, 40), new=(200, 60))
    cart, more = arms(old=(150, 30), cheap=(150, 75))
    none = {"user": "x", "variant": None, "at": after(0), "impressions": 1, "experiment": None}
    files.write(
        [
            *(row | {"experiment": "home"} for row in home),
            *(row | {"experiment": "cart"} for row in cart),
            none,
        ],
        [*clicks, *more],
    )


def test_of_several_experiments_one_has_to_be_named(files: Files) -> None:
    several(files)

    assert files.refused() == "--experiment: must say which one: cart, home."
    assert files.refused("--experiment", "shop") == "--experiment: must be one of cart, home."
    home = files.analysed("--experiment", "home")
    cart = files.analysed("--experiment", "cart", "--control", "old")
    assert (home["experiment"], value(home, "ctr")) == ("home", {"control": 0.2, "new": 0.3})
    assert (cart["experiment"], value(cart, "ctr")) == ("cart", {"old": 0.2, "cheap": 0.5})


def test_an_experiment_column_that_is_empty_is_none(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    unsaid: dict[str, Any] = {"experiment": None, "phase": None}
    files.write([row | unsaid for row in exposures], clicks)

    assert users(files.analysed()) == {"control": 200, "new": 200}
    assert files.refused("--experiment", "home") == (
        "--experiment: must be left out: the exposures name none."
    )


def test_the_control_is_asked_for_where_none_is_called_so(files: Files) -> None:
    files.write(*arms(a=(200, 40), b=(200, 60)))

    assert files.refused() == "--control: must be one of a, b."
    assert files.refused("--control", "c") == "--control: must be one of a, b."
    assert [arm["variant"] for arm in files.analysed("--control", "b")["arms"]] == ["b", "a"]


def test_one_variant_alone_cannot_be_compared(files: Files) -> None:
    files.write(*arms(control=(200, 40)))

    assert files.refused() == "--exposures: holds one variant alone: control."


def test_variants_may_be_chosen(files: Files) -> None:
    files.write(*arms(control=(200, 40), new=(200, 60), odd=(3, 0)))

    assert users(files.analysed("--variants", "control,new")) == {"control": 200, "new": 200}
    assert files.refused("--variants", "control,newer") == (
        "--variants: names 'newer', which is not among control, new, odd."
    )


def test_weights_are_equal_unless_given(files: Files) -> None:
    files.write(*arms(control=(300, 60), new=(100, 30)))

    equal, given = files.analysed(), files.analysed("--weights", "new=25,control=75")

    assert notes(equal)["weights"] == (
        "No weights are given: variants are taken to have equal traffic."
    )
    assert [arm["weight"] for arm in given["arms"]] == [0.75, 0.25]
    assert "weights" not in notes(given)
    assert [printed["health"][0]["healthy"] for printed in (equal, given)] == [False, True]
    assert equal["decision"]["state"] == "unhealthy"
    assert (
        files.refused("--weights", "control=1")
        == "--weights: says nothing of new; 0 is for no traffic."
    )
    assert files.refused("--weights", "control=1,newer=1") == (
        "--weights: names 'newer', which is not among control, new."
    )


def on_day(day: int, row: dict[str, Any]) -> dict[str, Any]:
    """The same of another user, on that day of the month."""
    return row | {"user": f"{day}-{row['user']}", "at": row["at"].replace(day=day)}


def test_arms_may_come_and_go_with_the_phases(files: Files) -> None:
    rows: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for phase, sizes in (
        (1, {"control": (150, 30), "old": (150, 45)}),
        (2, {"control": (150, 60), "new": (150, 75)}),
    ):
        served, clicks = arms(**sizes)
        rows += [on_day(phase, row) | {"phase": phase} for row in served]
        events += [on_day(phase, row) for row in clicks]
    files.write(rows, events)
    traffic = "1:control=1,old=1,new=0", "--weights", "2:control=1,old=0,new=1"

    given = files.analysed("--weights", *traffic)
    assumed = files.analysed()

    assert [phase["weights"] for phase in given["phases"]] == [[0.5, 0, 0.5], [0.5, 0.5, 0]]
    assert assumed["phases"] == given["phases"]
    assert assumed["tuning"] == 300
    new, old = given["metrics"][0]["comparisons"]
    assert (new["left_out"], old["left_out"]) == (["not_in_phase", None], [None, "not_in_phase"])
    assert [c["against"]["value"] for c in (new, old)] == [0.4, 0.2]
    assert [d["state"] for d in given["decisions"]][1] == "taken_out"
    assert "Nobody was seen in new in phase 1" in str(assumed["notes"])
    assert "Nobody was seen in old in phase 2" in str(assumed["notes"])
    assert all(check["healthy"] is not False for check in given["health"])
    text = files.printed("--weights", *traffic)
    assert "Taken out (old). old has taken no users since phase 2: nothing is left" in text
    assert "in its phases the control has 150 users and 40.00%." in text
    assert files.refused("--weights", "control=1,old=1,new=0") == (
        "--weights: of every treatment must be above 0 in some phase."
    )


def test_phases_have_weights_of_their_own(files: Files) -> None:
    first, clicks = arms(control=(180, 36), new=(20, 4))
    second, more = arms(control=(100, 20), new=(100, 30))
    late = [
        row | {"user": f"late-{row['user']}", "at": row["at"].replace(day=8), "phase": 2}
        for row in second
    ]
    files.write(
        [*(row | {"phase": 1} for row in first), *late],
        [
            *clicks,
            *(
                row | {"user": f"late-{row['user']}", "at": row["at"].replace(day=8)}
                for row in more
            ),
        ],
    )
    weights = ["--weights", "1:control=90,new=10"]

    both = files.analysed(*weights)

    assert [phase["users"] for phase in both["phases"]] == [[180, 20], [100, 100]]
    assert [phase["weights"] for phase in both["phases"]] == [[0.9, 0.1], [0.5, 0.5]]
    assert notes(both)["weights"] == (
        "No weights are given in phase 2: variants are taken to have equal traffic."
    )
    assert both["health"][0]["healthy"] is True
    assert users(files.analysed("--phases", "2")) == {"control": 100, "new": 100}
    assert files.refused("--phases", "3") == "--phases: has no phase 3, only 1, 2."
    assert files.refused("--weights", "4:control=1,new=1") == (
        "--weights: names phase 4, which is not among 1, 2."
    )


def test_users_in_two_variants_and_bots_are_left_out_and_counted(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    second = {"user": "control-7", "variant": "new", "at": after(900), "impressions": 1}
    often = [exposures[250] | {"at": after(i)} for i in range(30)]
    files.write([*exposures, second, *often], clicks)

    printed = files.analysed("--most-slates-a-day", "20")

    assert users(printed) == {"control": 199, "new": 199}
    assert value(printed, "ctr") == {"control": 39 / 199, "new": 59 / 199}
    aside = printed["set_aside"]
    assert aside["users_in_two_variants"] == 1
    assert [(rule["rule"], rule["users"]) for rule in aside["left_out"]] == [
        ("more than 20 slates a day", 1),
        ("more than 2,000 events a day", 0),
    ]
    assert users(files.analysed("--most-slates-a-day", "0")) == {"control": 199, "new": 200}


def test_staff_are_left_out_by_list_and_by_attribute(files: Files, tmp_path: Path) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    staff = {"control-199", "new-198"}
    files.write([row | {"staff": row["user"] in staff} for row in exposures], clicks)
    (tmp_path / "staff.txt").write_text("new-199\n\nnew-197\n")

    printed = files.analysed(
        "--leave-out", "staff=true", "--leave-out-users", str(tmp_path / "staff.txt")
    )

    assert users(printed) == {"control": 199, "new": 197}
    assert [rule["users"] for rule in printed["set_aside"]["left_out"]] == [2, 2, 0, 0]
    assert files.refused("--leave-out-users", "none.txt") == (
        "--leave-out-users: none.txt cannot be read: No such file or directory."
    )


def test_only_what_lies_between_start_and_as_of_counts(filled: Files) -> None:
    options = ["--started-at", "2026-03-01T00:00:10Z", "--as-of", "2026-03-01T00:02:00+00:00"]

    printed = filled.analysed(*options)

    assert users(printed) == {"control": 111, "new": 111}
    assert value(printed, "ctr") == {"control": 30 / 111, "new": 50 / 111}
    assert (printed["started_at"], printed["as_of"]) == (
        "2026-03-01T00:00:10Z",
        "2026-03-01T00:02:00Z",
    )
    nobody = filled.refused("--started-at", "2027-01-01T00:00:00Z")
    assert nobody.startswith("--exposures: holds no exposure with a user, a variant and a time")


def test_without_a_reason_of_split_nothing_was_given_by_chance(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    files.write([row | {"reason": "override"} for row in exposures], clicks)

    assert "only those of reason split count" in files.refused()


def test_the_users_found_are_planned_unless_a_number_is(filled: Files) -> None:
    found, planned = filled.analysed(), filled.analysed("--tuning", "1000")

    assert (found["tuning"], planned["tuning"]) == (400, 1000)
    assert notes(found)["tuning"] == (
        "No tuning is given: the 400 users found are taken for the planned ones."
    )
    assert "tuning" not in notes(planned)
    assert [printed["decision"]["state"] for printed in (found, planned)] == [
        "inconclusive",
        "keep_running",
    ]


def test_segments_come_from_columns_or_from_a_map(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    country = [row | {"country": "nl" if i % 4 else "be"} for i, row in enumerate(exposures)]

    def sizes() -> list[tuple[str, list[int]]]:
        [metric] = files.analysed("--metrics", "clicked", "--segments", "country")["metrics"]
        return [(s["value"], [arm["users"] for arm in s["values"]]) for s in metric["segments"]]

    files.write(country, clicks)
    flat = sizes()
    nested = [row | {"attributes": {"country": row.pop("country")}} for row in country]
    files.write(nested, clicks)

    assert flat == sizes() == [("nl", [150, 150]), ("be", [50, 50])]
    assert files.refused("--segments", "city") == (
        "--exposures: has neither attributes nor a column 'city' to go by."
    )


def test_a_look_before_the_start_adjusts_by_cuped(files: Files) -> None:
    exposures, clicks = arms(control=(200, 40), new=(200, 60))
    before = [row | {"at": row["at"].replace(month=2, day=25)} for row in clicks]
    files.write(exposures, [*clicks, *before])

    printed = files.analysed("--metrics", "clicks_per_user", "--lookback-days", "7", "--cuped")

    results = printed["metrics"][0]["comparisons"][0]["results"]
    assert {result["cuped"] for result in results} == {True, False}
    assert (printed["cuped"], printed["lookback_days"]) == (True, 7)
    assert files.refused("--cuped") == "--cuped: needs lookback_days above 0."


def test_every_look_on_request(filled: Files) -> None:
    assert filled.analysed()["series"] == {}
    assert filled.analysed("--series")["series"]["ctr"][-1]["value"] == 0.3


def test_arms_that_learn_from_each_other_decide_nothing(files: Files) -> None:
    files.write(*arms(control=(2_000, 200), new=(2_000, 400)))

    alone, shared = files.analysed(), files.analysed("--training-data", "shared")

    assert [printed["decision"]["state"] for printed in (alone, shared)] == ["ship", "inconclusive"]
    assert json.dumps(shared["decisions"]).count("learn from each other") == 1


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--confidence", "1"], "--confidence: must lie between 0.5 and 1."),
        (["--tuning", "0"], "--tuning: must be above 0 and finite: it is the planned users."),
        (["--tuning", "inf"], "--tuning: must be above 0 and finite: it is the planned users."),
        (["--tuning", "nan"], "--tuning: must be above 0 and finite: it is the planned users."),
        (
            ["--weights", "control=0,new=1"],
            "--weights: of the control must be above 0 in every phase: all are compared with it.",
        ),
        (
            ["--method", "fixed", "--correction", "e_bh"],
            "--correction: e_bh needs method sequential: others have no e-value.",
        ),
        (["--phases", "one"], "--phases: 'one' is not the number of a phase."),
    ],
)
def test_settings_outside_their_range(filled: Files, options: list[str], why: str) -> None:
    assert filled.refused(*options) == why


def test_a_click_at_the_instant_of_first_exposure_counts_however_many_variants_there_are(
    files: Files,
) -> None:
    names = ["control", *(f"v{place:02}" for place in range(40))]
    exposures, clicks = (
        [row | {"at": after(2e-6 * place)} for place, row in enumerate(rows)]  # to the microsecond
        for rows in arms(**dict.fromkeys(names, (2, 2)))
    )
    files.write(exposures, clicks)

    printed = files.analysed()

    assert value(printed, "clicks_per_user") == dict.fromkeys(names, 1.0)
