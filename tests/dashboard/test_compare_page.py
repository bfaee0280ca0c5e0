"""Model versions side by side: figures, intervals, differences to the first."""

from __future__ import annotations

from math import sqrt
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from dashboard.reading.offline import measure_rows, measures, same_data, setting_rows, signed
from recommenders.evaluation import Protocol
from recommenders.models import Evaluation, ModelVersion, Recommender
from tests.dashboard.factories import AS_OF, START, make_recommender
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

COMPARE = "/compare-recommenders/"


def version(number: int, algorithm: str = "item_knn", **changes: Any) -> ModelVersion:
    """A version that no database knows."""
    config = changes.pop("config", {})
    fields: dict[str, Any] = {"data_from": START, "data_until": AS_OF, "interactions": 10}
    recommender = Recommender(key="knn", algorithm=algorithm, config=config)
    return ModelVersion(pk=number, recommender=recommender, number=number, **fields | changes)


def measured(number: int, ndcg: float, error: float | None, **more: float) -> ModelVersion:
    errors = {} if error is None else {"ndcg@10_std_error": error}
    return version(number, metrics={"users": 9.0, "ndcg@10": ndcg, **errors, **more})


def test_counts_and_standard_errors_are_no_measures() -> None:
    assert measures([measured(1, 0.2, 0.01), measured(2, 0.2, 0.01, auc=0.7)]) == ["ndcg@10", "auc"]


def test_a_difference_is_clear_where_its_interval_leaves_out_zero() -> None:
    [row] = measure_rows(
        [measured(1, 0.20, 0.03), measured(2, 0.29, 0.04), measured(3, 0.31, 0.04)]
    )

    base, near, far = row.figures
    assert base.difference is None
    assert base.half == pytest.approx(1.959963984540054 * 0.03)
    assert near.difference == pytest.approx(0.09)
    assert not near.clear  # 0.09 within 1.96 * sqrt(0.03**2 + 0.04**2) = 0.098
    assert sqrt(0.03**2 + 0.04**2) * 1.96 > 0.09
    assert (far.clear, far.better) == (True, True)


def test_without_standard_errors_no_difference_is_clear() -> None:
    [row] = measure_rows([measured(1, 0.2, None), measured(2, 0.9, 0.01)])

    assert [figure.clear for figure in row.figures] == [False, False]
    assert row.figures[1].difference == pytest.approx(0.7)


def test_a_lower_log_loss_is_better() -> None:
    one, other = (version(n, metrics={"logloss": loss}) for n, loss in ((1, 0.6), (2, 0.5)))

    assert measure_rows([one, other])[0].figures[1].better
    assert not measure_rows([other, one])[0].figures[1].better


def test_a_measure_that_one_has_not_leaves_a_gap() -> None:
    rows = measure_rows([measured(1, 0.2, 0.01), version(2, metrics={"auc": 0.7})])

    assert [[figure.value for figure in row.figures] for row in rows] == [[0.2, None], [None, 0.7]]
    assert rows[1].figures[1].difference is None


@pytest.mark.parametrize(
    ("difference", "said"),
    [(0.0123, "+.012"), (-0.0123, "\N{MINUS SIGN}.012"), (0.0001, ".000"), (None, "")],
)
def test_differences_carry_their_sign(difference: float | None, said: str) -> None:
    assert signed(difference) == said


def test_settings_are_shown_with_their_defaults_and_names_of_today() -> None:
    rows = setting_rows([version(1, config={"neighbours": 50}), version(2, "popularity")])

    found = {row.name: (row.values, row.differs) for row in rows}
    assert found["k_neighbours"] == (["50", ""], True)
    assert found["shrinkage"] == (["20", ""], True)


def test_settings_are_grouped_and_never_in_powers_of_ten() -> None:
    config = {"regularisation": 80000.0, "shrinkage": 1_234_567.5}
    found = {row.name: row.values for row in setting_rows([version(1, config=config)])}

    assert found["regularisation"] == ["80,000"]
    assert found["shrinkage"] == ["1,234,567.5"]


def test_other_data_is_other_data() -> None:
    assert same_data([version(1), version(2)])
    assert not same_data([version(1), version(2, interactions=11)])


def test_the_page_compares_the_live_versions_first(browser: Client) -> None:
    make_recommender("item-knn")
    make_recommender("popular")
    page = text(browser, COMPARE)

    assert "A item-knn@1 B popular@1" in page
    assert "nDCG@10 .231 .231 .000" in page
    assert "different stretches of behaviour" not in page


def test_the_base_stands_first_and_other_data_is_told(browser: Client) -> None:
    make_recommender("item-knn")
    ModelVersion.objects.filter(recommender=make_recommender("popular")).update(interactions=7)

    page = text(browser, f"{COMPARE}?base=popular@1&v=item-knn@1&v=popular@1")

    assert "A popular@1 B item-knn@1" in page
    assert "These were trained and measured on different stretches of behaviour" in page


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("base=item-knn@1", "id_v", "Choose a version to compare."),
        ("base=item-knn@1&v=x@1", "id_v", "There is no version “x@1”."),
        ("base=x@1&v=item-knn@1", "id_base", "There is no version “x@1”."),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_compared(
    browser: Client, query: str, field: str, message: str
) -> None:
    make_recommender("item-knn")
    page = browser.get(f"{COMPARE}?{query}").content.decode()

    assert error_of(page, field).startswith(message)
    assert "Side by side" not in page


def test_without_a_version_it_says_what_to_do_next(browser: Client) -> None:
    make_recommender("fresh", trained=False)

    assert "There is no model version yet. Train a recommender" in text(browser, COMPARE)


def evaluated(key: str, place: int, **changes: Any) -> Evaluation:
    """One of a run of two, of which `popular` is the baseline."""
    recommender = Recommender.objects.get(key=key)
    fields: dict[str, Any] = {
        "run": UUID(int=1),
        "place": place,
        "baseline": "popular",
        "recommender": recommender,
        "version": recommender.live,
        "protocol": Protocol(name="leave-one-out", seed=7).values(),
        "k": 10,
        "confidence": 0.95,
        "users": 943,
        "interactions": 100_000,
        "data_from": START,
        "data_until": AS_OF,
        "at": AS_OF,
    }
    return Evaluation.objects.create(**fields | changes)


def run_of_two(**changes: Any) -> None:
    make_recommender("popular")
    make_recommender("item-knn")
    ndcg = {"n": 943, "value": 0.045, "low": 0.037, "high": 0.053}
    overall = {"n": 943, "value": 0.31, "low": None, "high": None}
    evaluated("popular", 0, measures={"ndcg@10": ndcg}, **changes)
    evaluated(
        "item-knn",
        1,
        measures={"ndcg@10": ndcg | {"value": 0.063}, "coverage@10": overall},
        differences={"ndcg@10": {"difference": 0.018, "p_value": 0.0001}},
        **changes,
    )


def test_what_was_measured_on_the_same_users_stands_side_by_side(browser: Client) -> None:
    run_of_two()

    page = text(browser, COMPARE)

    assert (
        "leave-one-out: each user's newest row held out, ranked among all items, new items only; "
        "k 10, seed 7."
    ) in page.replace("&#x27;", "'")
    assert "nDCG@10 .045 .037 to .053 .063 .037 to .053 +.018 better" in page
    assert "Coverage@10 \N{EN DASH} .310 Users measured 943 943" in page
    assert "Ranked among a few drawn items" not in page


def test_sampled_figures_carry_a_warning(browser: Client) -> None:
    run_of_two(protocol=Protocol(negatives=100).values())
    assert "Ranked among a few drawn items." in text(browser, COMPARE)


def test_a_difference_that_is_not_significant_is_called_neither(browser: Client) -> None:
    run_of_two()
    Evaluation.objects.filter(place=1).update(
        differences={"ndcg@10": {"difference": 0.018, "p_value": 0.2}}
    )
    assert "+.018 better" not in text(browser, COMPARE)


def test_without_a_run_it_says_how_to_make_one(browser: Client) -> None:
    make_recommender("item-knn")
    assert "manage.py evaluate --recommender A B" in text(browser, COMPARE)
