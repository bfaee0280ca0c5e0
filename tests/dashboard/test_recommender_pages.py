"""Recommenders: list, register, versions and trainings."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import msgspec
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from experiments.models import Experiment
from people.models import AuditEntry
from recommenders.gate import GateVerdict
from recommenders.models import ModelVersion, Recommender, Training
from recommenders.provenance import CleanedRows, ExperimentShare, Provenance
from tests.acting import answering
from tests.dashboard.factories import AS_OF, START, make_recommender
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

NEW = "/new-recommender/"


def test_an_empty_list_says_what_to_do_next(browser: Client) -> None:
    assert "Register the first recommender" in text(browser, "/recommenders/")


def test_the_list_shows_the_live_version_and_what_goes_on(browser: Client) -> None:
    make_recommender("item-knn")
    waiting = make_recommender("fresh", trained=False)
    Training.objects.create(recommender=waiting, status="running", progress=0.37)

    page = text(browser, "/recommenders/")

    assert "item-knn item_knn item-knn@1 .231 .620 91,624" in page
    assert "fresh item_knn not trained yet" in page
    assert "training, 37%" in page


def test_queries_do_not_grow_with_recommenders(
    browser: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(5):
        make_recommender(f"knn-{n}")

    with django_assert_num_queries(7):
        browser.get("/recommenders/")


def test_registering_takes_the_settings_of_the_chosen_algorithm(browser: Client) -> None:
    typed = {
        "key": "knn-fresh",
        "algorithm": "item_knn",
        "item_knn-k_neighbours": "50",
        "item_knn-shrinkage": "10.5",
        "item_knn-similarity": "tfidf",
        "item_knn-normalise": "0.8",
        "item_knn-history_length": "20",
        "conv_ctr-epochs": "nonsense of an algorithm that was not chosen",
    }

    answer = browser.post(NEW, typed)

    assert answer["Location"] == "/recommenders/knn-fresh/"
    made = Recommender.objects.get()
    assert made.algorithm == "item_knn"
    assert made.config == {
        "k_neighbours": 50,
        "shrinkage": 10.5,
        "similarity": "tfidf",
        "normalise": 0.8,
        "history_length": 20,
    }


def test_numbers_among_the_settings_are_grouped(browser: Client) -> None:
    recommender = make_recommender("conv-two")
    recommender.config = {"batch_size": 8192}
    recommender.save()

    assert "<dd>8,192</dd>" in browser.get("/recommenders/conv-two/").content.decode()


def test_a_blend_is_registered_by_its_parts_one_on_a_line(browser: Client) -> None:
    typed = {
        "key": "two-minds",
        "algorithm": "blend",
        "blend-parts": "ease(l2=300)\r\n\r\n 2 * item_knn \r\n",
        "blend-method": "weighted",
        "blend-candidates": "50",
    }

    page = browser.post(NEW, typed, follow=True).content.decode()

    assert Recommender.objects.get().config["parts"] == ["ease(l2=300)", "2 * item_knn"]
    assert "<dd>ease(l2=300), 2 * item_knn</dd>" in page


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("", "Give 2 to 8, all different; each: an algorithm, with settings"),
        ("ease", "Give 2 to 8, all different"),
        ("ease(l3=1)\nslim", "'ease' has no hyper-parameter 'l3'"),
        ("tarot\nslim", "no algorithm is called 'tarot'"),
    ],
)
def test_what_is_wrong_with_a_part_stands_at_the_field(
    browser: Client, parts: str, message: str
) -> None:
    typed = {"key": "x", "algorithm": "blend", "blend-method": "weighted", "blend-candidates": "9"}

    page = browser.post(NEW, {**typed, "blend-parts": parts}).content.decode()

    assert message in html.unescape(error_of(page, "id_blend-parts"))
    assert f">\n{html.escape(parts)}</textarea>" in page
    assert not Recommender.objects.exists()


def test_the_form_shows_every_algorithm_with_its_own_settings(browser: Client) -> None:
    page = browser.get(NEW).content.decode()

    assert 'name="item_knn-k_neighbours" value="200"' in page
    assert 'name="conv_ctr-learning_rate" value="0.001"' in page
    assert "How many similar items are kept for each item. From 1 to 10,000." in page


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"key": ""}, "id_key", "Give the recommender a key"),
        ({"key": "Bad Key"}, "id_key", "Use lower-case letters, digits and single hyphens."),
        ({"key": "popular"}, "id_key", "A recommender named “popular” exists."),
        ({"algorithm": "x"}, "algorithm", "There is no such algorithm."),
        (
            {"item_knn-k_neighbours": "0"},
            "id_item_knn-k_neighbours",
            "Give a whole number from 1 to 10000.",
        ),
        (
            {"item_knn-shrinkage": "many"},
            "id_item_knn-shrinkage",
            "Give a number from 0 to 100000.",
        ),
        (
            {"item_knn-similarity": "dice"},
            "id_item_knn-similarity",
            "Choose one of cosine, tfidf, bm25.",
        ),
        (
            {"item_knn-history_length": ""},
            "id_item_knn-history_length",
            "Give a whole number from 1 to 1000.",
        ),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_registered(
    browser: Client, change: dict[str, str], field: str, message: str
) -> None:
    make_recommender("popular")
    typed = {
        "key": "knn-fresh",
        "algorithm": "item_knn",
        "item_knn-k_neighbours": "57",
        "item_knn-shrinkage": "20",
        "item_knn-similarity": "cosine",
        "item_knn-normalise": "1",
        "item_knn-history_length": "50",
    }

    page = browser.post(NEW, typed | change).content.decode()

    assert error_of(page, field).startswith(message)
    if "item_knn-k_neighbours" not in change:
        assert 'name="item_knn-k_neighbours" value="57"' in page
    assert Recommender.objects.count() == 1


def test_the_page_of_a_trained_one_shows_its_version(browser: Client) -> None:
    recommender = make_recommender("item-knn")

    page = text(browser, recommender.get_absolute_url())

    assert "item-knn@1 live abcdef0123 11 Oct 2026 to 10 Nov 2026" in page
    assert "91,624 interactions, 943 users, 1,682 items .231 .620 \N{EN DASH} 4.2 MB" in page
    assert "abcdef0123456789" not in page


def test_the_page_of_an_untrained_one_says_what_to_do(browser: Client) -> None:
    page = text(browser, make_recommender("fresh", trained=False).get_absolute_url())

    assert "No version yet. Training makes the first one" in page
    assert "It was never trained." in page


def test_a_training_shows_its_progress_and_curve(browser: Client) -> None:
    recommender = make_recommender("conv-ctr", trained=False)
    Training.objects.create(
        recommender=recommender,
        status="running",
        progress=0.37,
        message="Epoch 2 of 6",
        curve=[{"epoch": 1, "loss": 0.69}, {"epoch": 2, "loss": 0.42}],
        started_at=START,
    )

    page = browser.get(recommender.get_absolute_url()).content.decode()

    assert 'aria-valuenow="37"' in page
    assert "Epoch 2 of 6" in page
    assert 'aria-label="loss over 2 epochs, from 0.69 to 0.42"' in page
    assert 'hx-trigger="every 2s"' in page


def test_a_failed_training_says_why_and_what_to_do(browser: Client) -> None:
    recommender = make_recommender("conv-ctr", trained=False)
    Training.objects.create(
        recommender=recommender,
        status="failed",
        attempts=2,
        message="Stopped after two attempts.",
        error="It needed more than 4 GiB of memory.",
        started_at=START,
        finished_at=AS_OF,
    )

    page = text(browser, recommender.get_absolute_url())

    assert "Failed Stopped after two attempts. attempt 2 of 2 took 2 days" in page
    assert "It needed more than 4 GiB of memory. It needed more memory than there was." in page


def test_the_live_part_sends_only_what_is_new(browser: Client) -> None:
    recommender = make_recommender("conv-ctr", trained=False)
    training = Training.objects.create(recommender=recommender, status="running", progress=0.1)
    page = browser.get(recommender.get_absolute_url()).content.decode()
    found = re.search(r'hx-get="([^"]+)"\s+hx-trigger="every 2s"', page)
    assert found is not None

    assert browser.get(found[1]).status_code == 204

    training.progress = 0.2
    training.save()
    assert browser.get(found[1]).status_code == 200


def test_the_button_queues_one_training_however_often_it_is_pressed(browser: Client) -> None:
    recommender = make_recommender("item-knn")

    browser.post(f"{recommender.get_absolute_url()}train/")
    answer = browser.post(f"{recommender.get_absolute_url()}train/")

    assert answer["Location"] == recommender.get_absolute_url()
    assert [t.status for t in recommender.trainings.all()] == ["queued"]


def test_a_recommender_of_an_algorithm_that_is_gone_still_has_a_page(browser: Client) -> None:
    recommender = Recommender.objects.create(key="old", algorithm="word2vec")

    assert "word2vec" in text(browser, recommender.get_absolute_url())


def test_a_training_is_cancelled_once(browser: Client) -> None:
    recommender = make_recommender("item-knn", trained=False)
    training = Training.objects.create(recommender=recommender, status="running", progress=0.5)
    address = f"{recommender.get_absolute_url()}trainings/{training.pk}/cancel/"

    page = browser.get(recommender.get_absolute_url()).content.decode()
    [asked] = re.findall(rf'<div popover id="cancel-{training.pk}".*?</form>', page, re.DOTALL)
    assert f'action="{address}"' in asked
    assert page.count(address) == 1
    first, second = (said(browser, address) for _ in range(2))

    assert "The training is cancelled." in first
    assert "Cancelled Cancelled by maya." in first
    assert "had ended already, so nothing was cancelled" in second
    training.refresh_from_db()
    assert training.status == "cancelled"


def said(browser: Client, address: str, **typed: str) -> str:
    """The words of the page that a press of the button leads to."""
    page = browser.post(address, typed, follow=True).content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_training_of_another_recommender_is_not_cancelled(browser: Client) -> None:
    one, other = make_recommender("one"), make_recommender("other")
    training = Training.objects.create(recommender=one, status="running")

    answer = browser.post(f"{other.get_absolute_url()}trainings/{training.pk}/cancel/")

    training.refresh_from_db()
    assert (answer.status_code, training.status) == (404, "running")


@pytest.fixture
def three() -> Recommender:
    """Version 3 took the place of 1; 2 never was live."""
    recommender = make_recommender("item-knn")
    first = recommender.live
    assert first is not None
    _, newest = (replace_version(first, number) for number in (2, 3))
    for version in (first, newest):
        recommender.promotions.create(version=version, kind="gate", at=START, by="training")
    recommender.live = newest
    recommender.save()
    return recommender


def test_versions_say_at_which_stage_they_are(browser: Client, three: Recommender) -> None:
    page = text(browser, three.get_absolute_url())

    assert "item-knn@3 live" in page
    assert "item-knn@2 candidate" in page
    assert "item-knn@1 retired" in page


def test_a_roll_back_asks_first_and_leads_to_the_version_before(
    browser: Client, three: Recommender
) -> None:
    page = text(browser, three.get_absolute_url())
    assert "Roll back to item-knn@1?" in page
    assert "item-knn@1 answers again in place of item-knn@3" in page

    assert "item-knn@1 is live again." in said(browser, f"{three.get_absolute_url()}back/")
    assert answering("item-knn") == "item-knn@1"
    assert "Roll back" not in text(browser, three.get_absolute_url())
    again = said(browser, f"{three.get_absolute_url()}back/")
    assert "No version of item-knn was live before this one." in again


def test_the_gate_is_shown_with_its_numbers_and_overruled_with_a_reason(
    browser: Client, three: Recommender
) -> None:
    verdict = GateVerdict(
        against="item-knn@3",
        measure="ndcg@10",
        users=412,
        bound=0.05,
        passed=False,
        live=0.24,
        candidate=0.231,
        loss=0.072,
    )
    three.versions.filter(number=2).update(gate=msgspec.to_builtins(verdict))
    address = f"{three.get_absolute_url()}versions/2/"

    page = text(browser, address)
    assert "Not shown to be as good as item-knn@3" in page
    assert "nDCG@10 0.2310 against 0.2400 of item-knn@3 over 412 users" in page
    assert "say why it goes live all the same" in page

    refused = said(browser, f"{address}promote/", why="A relaunch.")
    assert "The gate does not let item-knn@2 go live. nDCG@10 0.2310 against 0.2400" in refused
    assert "Say why it goes live" in said(browser, f"{address}promote/", despite_gate="1")
    three.refresh_from_db()
    assert str(three.live) == "item-knn@3"

    done = said(browser, f"{address}promote/", despite_gate="1", why="A relaunch.")
    assert "item-knn@2 is live from now on." in done
    assert "made live by maya: A relaunch." in text(browser, address)
    assert answering("item-knn") == "item-knn@2"


def replace_version(version: ModelVersion, number: int) -> ModelVersion:
    """Another version of the same recommender, with no training of its own."""
    fields = {f.name: getattr(version, f.name) for f in version._meta.concrete_fields}
    return ModelVersion.objects.create(**{**fields, "id": None, "number": number})


def test_it_says_where_it_serves(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    make_experiment()

    page = text(browser, "/recommenders/popular/")

    assert "Default on home" in page
    assert "In Learned ranking" in page


SETTINGS = {
    "window_days": "90",
    "most_a_day": "500",
    "lowest_rating": "1",
    "highest_rating": "5",
    "every": "daily",
    "promote": "hand",
    "bound": "2.5",
}


def test_how_it_is_trained_is_shown_and_changed(browser: Client) -> None:
    recommender = make_recommender("item-knn")
    address = f"{recommender.get_absolute_url()}training/"

    assert "Behaviour all of the log" in text(browser, recommender.get_absolute_url())
    answer = browser.post(address, SETTINGS)

    assert answer["Location"] == recommender.get_absolute_url()
    page = text(browser, recommender.get_absolute_url())
    assert "Behaviour of the last 90 days By the clock every day next " in page
    assert "Most of one person in a day 500" in page
    assert "Items any Ratings 1.0 to 5.0 A new version goes live by hand only" in page
    entry = AuditEntry.objects.get(verb="change training")
    assert entry.after == {
        "window_days": 90,
        "most_a_day": 500,
        "only_catalogue": False,
        "lowest_rating": 1.0,
        "highest_rating": 5.0,
        "every": "daily",
        "promote": "hand",
        "bound": 0.025,
    }


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"window_days": "0"}, "id_window_days", "Give 1 to 3,650 days"),
        ({"window_days": "many"}, "id_window_days", "Give a whole number of 1 or more."),
        ({"most_a_day": ""}, "id_most_a_day", "Give a whole number of 1 or more."),
        ({"highest_rating": "1"}, "id_highest_rating", "Give more than the lowest rating."),
        ({"bound": "51"}, "id_bound", "Give a share from 0% to 50%"),
        ({"bound": ""}, "id_bound", "Give a share in percent."),
        ({"promote": "x"}, "id_promote", "Select a valid choice."),
        ({"lowest_rating": "nan"}, "id_lowest_rating", "Give a number."),
    ],
)
def test_what_nothing_can_be_trained_by_is_said_at_its_field(
    browser: Client, change: dict[str, str], field: str, message: str
) -> None:
    recommender = make_recommender("item-knn")

    page = browser.post(f"{recommender.get_absolute_url()}training/", SETTINGS | change)

    assert error_of(page.content.decode(), field).startswith(message)
    recommender.refresh_from_db()
    assert recommender.training_settings == {}


def test_a_frozen_experiment_says_why_there_is_no_training(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    make_experiment()
    experiment = Experiment.objects.get()
    experiment.measurement["training_data"] = "frozen"
    experiment.save()

    page = said(browser, "/recommenders/popular/train/")

    assert "popular serves an arm of learned-ranking, which keeps its models frozen" in page
    assert not Training.objects.exists()


def test_a_version_says_where_its_data_came_from(browser: Client) -> None:
    recommender = make_recommender("item-knn")
    share = ExperimentShare(
        experiment="learned-ranking",
        policy="own_arm",
        variants=("item-knn",),
        volumes={"item-knn": 1_200, "popular": 1_150},
        cap=1_150,
    )
    shared = ExperimentShare(experiment="other", policy="shared", variants=("item-knn",))
    cleaned = CleanedRows(rows=91_640, dropped={"duplicate": 16, "absurd_rate": 0})
    provenance = Provenance(window_days=90, experiments=(share, shared), cleaned=cleaned)
    recommender.versions.update(learned_from=msgspec.to_builtins(provenance))

    page = text(browser, f"{recommender.get_absolute_url()}versions/1/")

    assert "item-knn@1 live" in page
    assert "The last 90 days of the log before its training" in page
    assert "of the arm itself up to 1,150 rows, the volume of the smallest arm" in page
    assert "Left out: 1,150 rows of other arms and 50 of its own." in page
    assert "other : Its arms learned from each other" in page
    assert "91,640 rows came in, 91,624 were learned from" in page
    assert "the same user, item, type and time 16 0.017%" in page
    assert "too much for a person 0 \N{EN DASH}" in page
    assert "nDCG@10 .231" in page


def test_a_version_from_before_that_was_kept_says_so(browser: Client) -> None:
    recommender = make_recommender("item-knn")

    page = text(browser, f"{recommender.get_absolute_url()}versions/1/")

    assert "It was trained before what cleaning leaves out was kept." in page
    assert browser.get(f"{recommender.get_absolute_url()}versions/2/").status_code == 404
