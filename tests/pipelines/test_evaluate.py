"""`manage.py evaluate`: figures of known worlds, from files and from the log."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from events.importing import import_events
from recommenders.evaluations import runs_of
from recommenders.models import Evaluation
from tests.installation import NOW, behaviour, trained

pytestmark = pytest.mark.django_db


def world(users: int = 40) -> pd.DataFrame:
    """Two tastes of ten items; everybody meets five of their own at random, then a sixth.

    A neighbour model knows the taste; popularity does not.
    """
    rng = np.random.default_rng(1)
    rows = [
        (f"u{user:03}", f"{'ab'[user % 2]}{item}", turn)
        for user in range(users)
        for turn, item in enumerate(rng.permutation(10)[:6])
    ]
    frame = pd.DataFrame(rows, columns=["user", "item", "turn"])
    at = NOW - pd.to_timedelta(60 - frame["turn"], unit="min")
    return frame.assign(at=[one.isoformat() for one in at]).drop(columns="turn")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "world.csv"
    world().to_csv(path, index=False)
    return path


def run(*options: object) -> str:
    out = StringIO()
    call_command("evaluate", *map(str, options), stdout=out)
    return out.getvalue()


def report(*options: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("--json", *options))
    return found


def test_a_file_is_measured_without_anything_registered(file: Path) -> None:
    found = report(
        "--recommender", "popularity", "item_knn", "--data", file, "--protocol", "leave-one-out",
        "--k", 5, "--measures", "hit_rate,coverage",
    )  # fmt: skip

    popular, knn = found["recommenders"]
    assert (popular["users"], knn["users"], found["interactions"]) == (40, 40, 240)
    # Each user has five items of their taste left, of which a slate of five of a neighbour model
    # holds all: the sixth is always among them.
    assert knn["measures"]["hit_rate@5"] == {"n": 40, "value": 1.0, "low": 1.0, "high": 1.0}
    share = popular["measures"]["hit_rate@5"]["value"]
    apart = knn["differences"]["hit_rate@5"]
    assert 0 < share < 1
    assert apart["difference"] == pytest.approx(1 - share)
    assert apart["p_value"] < 0.001
    assert knn["measures"]["coverage@5"] == {"n": 40, "value": 1.0, "low": None, "high": None}
    assert popular["differences"] == {}
    assert Evaluation.objects.count() == 0


def test_the_table_says_the_protocol_the_intervals_and_the_test(file: Path) -> None:
    lines = run(
        "--recommender", "popularity", "item_knn", "--data", file, "--protocol", "leave-one-out",
        "--k", 5, "--measures", "hit_rate",
    ).splitlines()  # fmt: skip

    assert lines[0] == (
        "leave-one-out: each user's newest row held out, ranked among all items, new items only; "
        "seed 42."
    )
    assert lines[1] == "240 interactions; users measured: popularity 40, item_knn 40."
    assert lines[2].split() == [
        "measure", "recommender", "value", "95%", "interval", "less", "popularity",
        "95%", "interval", "p",
    ]  # fmt: skip
    assert lines[4].split() == [
        "hit_rate@5", "item_knn", "1.0000", "1.0000", "to", "1.0000",
        "+0.6750", "+0.5233", "to", "+0.8267", "<.0001",
    ]  # fmt: skip


def test_sampled_figures_are_labelled(file: Path) -> None:
    options = ("--recommender", "popularity", "--data", file, "--negatives", 5)
    assert "may come out the other way round" in run(*options)
    assert report(*options)["sampled"]


def test_exposure_is_shared_out_by_an_attribute_of_a_file_of_items(
    file: Path, tmp_path: Path
) -> None:
    items = tmp_path / "items.csv"
    kinds = pd.DataFrame({"item": [f"{taste}{n}" for taste in "ab" for n in range(10)]})
    kinds.assign(taste=kinds["item"].str[0]).to_csv(items, index=False)

    found = report(
        "--recommender", "item_knn", "--data", file, "--items", items, "--measures", "ndcg",
        "--protocol", "leave-one-out", "--k", 5, "--exposure", "taste",
    )["recommenders"][0]["measures"]  # fmt: skip

    assert found["exposure@5 taste=a"]["value"] == pytest.approx(0.5)
    assert found["exposure@5 taste=b"]["value"] == pytest.approx(0.5)


@pytest.fixture
def log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    world().to_csv(path, index=False)
    import_events(path, log_dir=settings.LOG_DIR, journal_dir=settings.JOURNAL_DIR, now=NOW)


def test_figures_of_the_log_are_kept_with_the_versions(log: None, tmp_path: Path) -> None:
    popular = trained("popular", "popularity", tmp_path / "models", past=behaviour())
    knn = trained("item-knn", "item_knn", tmp_path / "models", past=behaviour())
    options = ("--measures", "hit_rate", "--k", 5, "--protocol", "leave-one-out", "--seed", 7)

    found = report("--recommender", "popular", "item-knn", *options)

    assert popular.live is not None
    assert knn.live is not None
    [[first, second]] = runs_of([knn.live.pk])
    assert (first.version, second.version) == (popular.live, knn.live)
    assert [first.baseline, first.k, first.users] == ["popular", 5, 40]
    assert first.protocol == found["protocol"]
    assert (first.protocol["name"], first.protocol["seed"]) == ("leave-one-out", 7)
    assert second.measures == found["recommenders"][1]["measures"]
    assert second.differences == found["recommenders"][1]["differences"]
    assert (first.interactions, first.differences) == (240, {})


def test_the_newest_runs_of_a_version_are_found_whole(log: None, tmp_path: Path) -> None:
    trained("popular", "popularity", tmp_path / "models", past=behaviour())
    knn = trained("item-knn", "item_knn", tmp_path / "models", past=behaviour())
    for seed in (1, 2, 3):
        run("--recommender", "ease", "popular", "item-knn", "--seed", seed, "--measures", "ndcg")

    assert knn.live is not None
    runs = runs_of([knn.live.pk], most=2)
    assert [[(one.recommender.key, one.place) for one in rows] for rows in runs] == [
        [("popular", 0), ("item-knn", 1)]
    ] * 2
    assert [rows[0].protocol["seed"] for rows in runs] == [3, 2]
    assert {one.baseline for rows in runs for one in rows} == {"ease"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--recommender", "nobody"), "there is no recommender “nobody”: none yet; nor an"),
        (("--recommender", "ease", "--k", 0), "--k must be 1 to 1000"),
        (("--recommender", "ease", "--confidence", 2), "--confidence must be from 0.5"),
        (("--recommender", "ease", "--held-out", 1), "--held-out: give a share above 0"),
        (("--recommender", "ease", "--measures", "ndgc"), "there is no “ndgc”; give some of ndcg"),
        (("--recommender", "ease", "--negatives", 0), "--negatives: give a number from 1"),
        (("--recommender", "ease", "--items", "items.csv"), "--items belongs to --data"),
        (("--recommender", "ease", "--data", "rows.xls"), "must be one of .csv, .jsonl, .parquet"),
        (("--recommender", "ease", "--data", "away.csv"), "away.csv cannot be read"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_kept(
    options: tuple[object, ...], says: str
) -> None:
    with pytest.raises(CommandError) as raised:
        run(*options)
    assert says in str(raised.value)
    assert Evaluation.objects.count() == 0


def test_a_file_without_a_column_says_which(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("user,thing\nu,a\n")
    with pytest.raises(CommandError, match=r"rows\.csv: column 'item': absent"):
        run("--recommender", "ease", "--data", path)


def test_all_formats_of_a_file_are_the_same_behaviour(file: Path, tmp_path: Path) -> None:
    frame = world()
    frame.to_parquet(tmp_path / "world.parquet")
    frame.to_json(tmp_path / "world.jsonl", orient="records", lines=True)
    figures = [
        report("--recommender", "item_knn", "--data", path, "--measures", "ndcg")["recommenders"][0]
        for path in (file, tmp_path / "world.parquet", tmp_path / "world.jsonl")
    ]
    assert figures[0]["measures"] == figures[1]["measures"] == figures[2]["measures"]
