"""Algorithms that other distributions bring: real wheels, installed by pip into a folder."""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from recommenders.algorithms import broken, create, load, names, third_party
from recommenders.exceptions import ArtefactError, BrokenAlgorithmError, InvalidRecommender
from recommenders.services import register
from tests.recommenders.toy import POPULAR, dataset

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "how-to" / "add-an-algorithm.md").read_text()


def example() -> str:
    """The module that the guide shows."""
    return GUIDE.partition("```python\n")[2].partition("```")[0]


Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Builds a wheel and installs it where Python looks."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def install(distribution: str, module: str, source: str, **points: str) -> Path:
        wheel = _wheel(tmp_path, distribution, module, source, points)
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
        subprocess.run([*pip, "--target", str(site), str(wheel)], check=True, capture_output=True)
        third_party.found.cache_clear()
        return site

    yield install
    monkeypatch.undo()
    third_party.found.cache_clear()
    for name in set(sys.modules) - before:
        if name.startswith("acme"):
            del sys.modules[name]


def _wheel(
    folder: Path, distribution: str, module: str, source: str, points: dict[str, str]
) -> Path:
    path = folder / f"{distribution}-1.0-py3-none-any.whl"
    info = f"{distribution}-1.0.dist-info"
    lines = "\n".join(f"{name} = {value}" for name, value in points.items())
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{module}.py", source)
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/entry_points.txt", f"[winnow.algorithms]\n{lines}\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def test_the_guides_algorithm_works_as_any_other(install: Install, tmp_path: Path) -> None:
    ours = names()
    install("acme_trending", "acme_trending", example(), trending="acme_trending:Trending")

    assert names() == [*ours, "trending"]
    model = create("trending").fit(dataset())
    ids, scores = model.recommend(["u4", "stranger"], k=3)
    assert ids[0].tolist() == ["b1", "a2", "b2"]  # of those met as often the later
    newest = create("trending", half_life_rows=1).fit(dataset())
    ids, scores = newest.recommend(["x"], k=2)  # b1 in the last row, and 2 and 5 before it
    assert ids.tolist() == [["b1", "b2"]]
    assert scores[0].tolist() == [1 + 2**-2 + 2**-5, 2**-1 + 2**-4]
    ids, scores = model.recommend(["u4", "stranger"], k=3)
    model.save(tmp_path / "m")
    again, same = load(tmp_path / "m").recommend(["u4", "stranger"], k=3)
    assert again.tolist() == ids.tolist()
    np.testing.assert_array_equal(scores, same)
    assert create("blend", parts=["trending", "popularity"]).fit(dataset()).can_serve("x")


BROKEN = {
    "import": ("import nowhere_at_all", "acme_bad:Bad", "ModuleNotFoundError"),
    "absent": ("", "acme_bad:Bad", "has no attribute 'Bad'"),
    "no algorithm": ("Bad = dict", "acme_bad:Bad", "is no subclass of"),
    "abstract": (
        "from recommenders.algorithms import Algorithm\nclass Bad(Algorithm): name = 'bad'",
        "acme_bad:Bad",
        "does not write _arrays, _explain, _fit, _rank, _restore",
    ),
    "other name": (
        "from recommenders.algorithms.popularity import Popularity as Bad",
        "acme_bad:Bad",
        "is called 'popularity', its entry point 'bad'",
    ),
    "exits": ("raise RuntimeError('no licence')", "acme_bad:Bad", "RuntimeError: no licence"),
}


@pytest.mark.parametrize(("source", "value", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_one_stays_out_and_says_why(
    install: Install, source: str, value: str, why: str
) -> None:
    ours = names()
    install("acme_bad", "acme_bad", source, bad=value)

    assert names() == ours
    assert why in broken()["bad"]
    assert broken()["bad"].startswith("acme_bad 1.0: ") or "acme-bad 1.0: " in broken()["bad"]
    with pytest.raises(BrokenAlgorithmError, match="the algorithm 'bad' cannot be used") as got:
        create("bad")
    assert why in str(got.value)
    assert create("popularity").fit(dataset()).recommend(["x"], k=1)[0][0, 0] == POPULAR[0]


def test_ours_keep_their_names(install: Install) -> None:
    install("acme_ease", "acme_ease", "Ease = None", ease="acme_ease:Ease")

    assert "which Winnow has itself; give it another name" in broken()["ease"]
    assert create("ease").name == "ease"


def test_two_of_one_name_are_both_left_out(install: Install) -> None:
    for one in ("acme_one", "acme_two"):
        install(one, one, example(), trending=f"{one}:Trending")

    assert "trending" not in names()
    with pytest.raises(BrokenAlgorithmError, match="several distributions bring 'trending'") as got:
        create("trending")
    assert "uninstall all but one" in str(got.value)


def test_a_model_whose_algorithm_is_gone_says_so(install: Install, tmp_path: Path) -> None:
    site = install("acme_trending", "acme_trending", example(), trending="acme_trending:Trending")
    create("trending").fit(dataset()).save(tmp_path / "m")
    sys.path.remove(str(site))
    third_party.found.cache_clear()

    with pytest.raises(ArtefactError, match="no algorithm is called 'trending'"):
        load(tmp_path / "m")


@pytest.mark.django_db
def test_a_broken_one_cannot_be_registered_and_a_check_warns(install: Install) -> None:
    from recommenders.checks import third_parties

    assert third_parties() == []
    install("acme_bad", "acme_bad", "import nowhere_at_all", bad="acme_bad:Bad")

    with pytest.raises(InvalidRecommender, match=r"“bad” cannot be used: .*nowhere_at_all"):
        register(key="bad", algorithm="bad", config={})
    [warning] = third_parties()
    assert warning.id == "recommenders.W001"
    assert "nowhere_at_all" in str(warning.hint)
