import subprocess
import sys
from pathlib import Path

import pytest

from recommenders.algorithms import create, describe, names
from recommenders.exceptions import UnknownAlgorithmError

NAMES = ["random", "popularity", "repeat", "content", "cooccurrence", "item_knn", "user_knn"]
NAMES += [
    "ease",
    "slim",
    "als",
    "bpr",
    "conv_ctr",
    "blend",
    "two_stage",
    "mmr",
    "cold_start",
    "remote",
]


def test_the_names_go_from_simple_to_deep_and_then_to_what_is_made_of_others() -> None:
    assert names() == NAMES


def test_an_unknown_algorithm_is_refused_with_those_there_are() -> None:
    for ask in (create, describe):
        with pytest.raises(UnknownAlgorithmError, match=", ".join(NAMES)) as got:
            ask("tarot")
        assert got.value.name == "tarot"


def test_a_whole_number_serves_where_a_number_is_asked() -> None:
    config = create("item_knn", shrinkage=7).config
    assert config.values()["shrinkage"] == 7.0
    assert type(config.values()["shrinkage"]) is float


def test_importing_the_algorithms_imports_no_tensorflow() -> None:
    code = "import sys, recommenders.algorithms, recommenders.evaluation;"
    code += "print(sorted({'tensorflow', 'keras', 'django'} & set(sys.modules)))"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "[]"
