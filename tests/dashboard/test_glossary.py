"""The glossary: each word has two sentences, is used by a page, and is documented."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable

import pytest
from django.template import Context, Template
from django.test import Client
from msgspec.structs import replace

from config.celery import app
from dashboard.glossary import TERMS
from dashboard.reading import measured, served
from experiments.models import Experiment
from tests.dashboard.factories import metric, scorecard, snapshot_of
from tests.dashboard.test_audit_page import audited, report_of, stored
from tests.stack import ROOT

TEMPLATES = {path: path.read_text() for path in (ROOT / "templates").rglob("*.html")}
DOCS = ROOT / "docs" / "reference" / "glossary.md"


def render(template: str, **context: str) -> str:
    return Template("{% load terms %}" + template).render(Context(context))


@pytest.mark.parametrize("key", TERMS)
def test_a_tip_is_two_sentences(key: str) -> None:
    tip = str(TERMS[key].tip)
    assert len(re.findall(r"[.](?: |$)", tip)) == 2
    assert len(tip) <= 200


def test_words_on_a_page_open_their_tip_by_key_and_are_described_by_it() -> None:
    assert render('{% term "p-value" "p" %}') == (
        '<button type="button" class="term" popovertarget="term-p-value" '
        'aria-describedby="term-p-value">p</button>'
    )
    assert ">CUPED</button>" in render('{% term "cuped" %}')
    with pytest.raises(KeyError, match="kuped"):
        render('{% term "kuped" %}')


def test_an_explanation_of_one_place_is_written_beside_it_as_text() -> None:
    assert render('{% tip "p" says "p" "ctr" "B" %}', says="x < y") == (
        '<button type="button" class="term" popovertarget="tip-p-ctr-B" '
        'aria-describedby="tip-p-ctr-B">p</button>'
        '<span popover class="tip" id="tip-p-ctr-B" role="tooltip">x &lt; y</span>'
    )


def test_a_measure_that_the_glossary_lacks_is_its_words() -> None:
    assert 'popovertarget="term-ndcg"' in render('{% measure_term "ndcg@10" "nDCG@10" %}')
    assert render('{% measure_term "loss" "Loss" %}') == "Loss"


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    named = {key for text in TEMPLATES.values() for key in re.findall(r'{% term "([\w-]+)"', text)}
    named |= {column.term for column in served.COLUMNS.values()}
    named |= {*re.findall(r'term="([\w-]+)"', inspect.getsource(measured))}
    named |= {"cuped", "sequential", "fixed-horizon"}
    assert named == set(TERMS)


def test_no_page_explains_words_by_a_title_that_keys_and_fingers_do_not_reach() -> None:
    assert [
        path.name for path, text in TEMPLATES.items() if re.search(r'class="tip" title', text)
    ] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("fresh_process")
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/data/", {"behind", "exposure"}),
        ("/data/rows/", {"exposure"}),
        ("/data/user/?user=u1", {"phase", "bucket", "exposure"}),
        (
            "/data/audit/",
            {"false-positive", "floor", "exact-interval", "uniform", "p-value-once"}
            | {"fixed-horizon", "sequential", "cuped"},
        ),
    ],
)
def test_what_pages_of_the_data_say_is_explained_where_it_stands(
    browser: Client,
    make_experiment: Callable[..., Experiment],
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    words: set[str],
) -> None:
    monkeypatch.setattr(app, "send_task", lambda name, **_: None)
    make_experiment()
    stored(report_of(audited("ctr")))

    main = browser.get(address).content.decode().partition("<main")[2]

    assert words <= set(re.findall(r'popovertarget="term-([^"]+)"', main))


def test_the_words_of_the_measurement_are_explained_in_the_wizard(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    make_experiment(running=False)

    page = browser.get("/experiments/learned-ranking/edit/measurement/").content.decode()

    opened = re.findall(r'popovertarget="term-([^"]+)"', page.partition("<main")[2])
    assert {"sequential", "fixed-horizon", "credible-interval", "planned-users"} <= set(opened)
    assert {"confidence", "correction", "segment", "cuped", "guardrail", "margin"} <= set(opened)


@pytest.mark.django_db
def test_the_words_of_a_definition_are_explained_where_metrics_are_defined(
    browser: Client,
) -> None:
    page = browser.get("/new-metric/").content.decode()

    opened = re.findall(r'popovertarget="term-([^"]+)"', page.partition("<main")[2])
    assert set(opened) == {"winsorised", "floor"}


def test_a_page_holds_each_tip_once(
    browser: Client, make_experiment: Callable[..., Experiment]
) -> None:
    experiment = make_experiment()
    found = metric("fallback_rate", name="Fallback rate", primary=False)
    guard = replace(found, role="guardrail")
    snapshot_of(experiment, scorecard(extra=(guard,)))

    page = browser.get(experiment.get_absolute_url()).content.decode()

    ids = re.findall(r'\bid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    opened = re.findall(r'popovertarget="([^"]+)"', page)
    assert set(opened) <= set(ids)
    assert {"term-always-valid", "term-p-value", "term-fieller", "term-guardrail"} <= set(opened)


def test_the_documentation_lists_the_words_as_pages_say_them() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (?:\[more\]\((.+?)\))? \|$", DOCS.read_text(), re.M)
    told = sorted(TERMS.values(), key=lambda term: str(term.name).lower())
    assert rows == [(str(term.name), str(term.tip), term.page) for term in told]
    assert [page for *_, page in rows if not (DOCS.parent / page).exists()] == []
