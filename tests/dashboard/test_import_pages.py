"""Importing a file by page: bring it, match its columns, check, import."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from events import readers
from imports import jobs
from imports.models import ImportJob
from people.models import Person
from pipelines import importing
from tests.dashboard.test_experiment_form import error_of
from tests.dashboard.test_experiment_pages import text

IMPORT = "/data/import/"
CSV = b"customer_id,sku,time,stars\nu1,i1,2026-11-01T10:00:00Z,4\nu2,i2,noon,5\n"
MATCHED = {"user": "customer_id", "item": "sku", "at": "time", "value": "stars"}


@pytest.fixture(autouse=True)
def _as_just_started(
    fresh_process: object, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that does at once what it is told."""

    def send_task(name: str, *, args: list[int], **options: object) -> None:
        if name == "pipelines.import_file":
            importing.attempt(*args)

    monkeypatch.setattr(current_app, "send_task", send_task)


def bring(browser: Client, body: bytes = CSV, name: str = "past.csv", **more: object) -> ImportJob:
    answer = browser.post(
        IMPORT, {"kind": "events", "upload": SimpleUploadedFile(name, body), **more}
    )
    job = ImportJob.objects.latest("id")
    assert answer["Location"] == f"{IMPORT}{job.pk}/"
    return job


def address(job: ImportJob, step: str = "") -> str:
    return f"{IMPORT}{job.pk}/{step}"


def test_the_columns_are_guessed_and_the_first_rows_shown(browser: Client) -> None:
    job = bring(browser)

    page = browser.get(address(job)).content.decode()

    assert '<option value="customer_id" selected>' in page
    assert '<option value="sku" selected>' in page
    assert "u2 i2 noon 5" in text(browser, address(job))
    assert job.file.parent == django_settings.UPLOADS_DIR
    assert "past" not in job.file.name


def test_a_file_is_checked_and_then_imported(browser: Client) -> None:
    job = bring(browser)

    browser.post(address(job, "check/"), MATCHED)
    page = text(browser, address(job))
    assert "1 rows can be imported, 1 cannot" in page
    assert "Nothing was written yet" in page
    assert "at must be" in page

    browser.post(address(job, "start/"))
    page = text(browser, address(job))
    assert "Imported, 1 rows rejected 1 events added, 0 already there." in page
    assert "Train recommenders on it" in page
    [row] = readers.open_log(django_settings.LOG_DIR).events().to_pyarrow().to_pylist()
    assert (row["user"], row["value"]) == ("u1", 4.0)
    assert not job.file.exists()
    assert "past.csv behaviour Imported 1 1 maya" in text(browser, IMPORT)
    assert f"Import events import {job.pk} by maya" in text(browser, "/settings/trail/")


def test_a_file_that_cannot_be_imported_says_so(browser: Client) -> None:
    job = bring(browser, b"customer_id,sku,time\nu1,i1,noon\n")
    browser.post(address(job, "check/"), {**MATCHED, "value": ""})

    assert "No row can be imported with these columns." in text(browser, address(job))
    browser.post(address(job, "start/"))
    assert "Nothing was started: check the file first." in text(browser, address(job))


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"user": ""}, "id_user", "Choose the column that holds it."),
        ({"at": "sku"}, "id_at", "This column is item already."),
        ({"value": "nothing"}, "id_value", "Select a valid choice."),
    ],
)
def test_a_wrong_match_stands_at_its_field_and_nothing_is_queued(
    browser: Client, change: dict[str, str], field: str, message: str
) -> None:
    job = bring(browser)

    page = browser.post(address(job, "check/"), MATCHED | change).content.decode()

    assert html.unescape(error_of(page, field)).startswith(message)
    job.refresh_from_db()
    assert job.status == "draft"


def test_a_column_of_a_fields_own_name_cannot_be_left_out_by_mistake(browser: Client) -> None:
    job = bring(browser, b"user,item,at,type\nu1,i1,2026-11-01T10:00:00Z,click\n")
    match = {"user": "user", "item": "item", "at": "at", "type": ""}

    page = browser.post(address(job, "check/"), match).content.decode()

    assert error_of(page, "id_type").startswith("The column “type” is this field: choose it.")


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("past.txt", b"x", "Give a file that ends in one of .csv, .jsonl, .parquet."),
        ("past.csv", b"", "The file is empty."),
        ("past.parquet", b"no", "past.parquet cannot be read"),
        ("past.csv", b'"user\n', "past.csv: line 1 opens a quote that is never closed"),
    ],
)
def test_a_file_that_is_none_is_refused_at_its_field(
    browser: Client, name: str, body: bytes, message: str
) -> None:
    upload = SimpleUploadedFile(name, body)

    page = browser.post(IMPORT, {"kind": "events", "upload": upload}).content.decode()

    assert html.unescape(error_of(page, "id_upload")).startswith(message)
    assert not ImportJob.objects.exists()
    assert list(django_settings.UPLOADS_DIR.glob("*")) == []


def test_without_a_file_it_asks_for_one(browser: Client) -> None:
    page = browser.post(IMPORT, {"kind": "events"}).content.decode()

    assert error_of(page, "id_upload").startswith("Choose a file.")


def test_what_is_too_large_is_not_kept(browser: Client, settings: Settings) -> None:
    settings.UPLOAD_MOST_BYTES = 1_000_000
    upload = SimpleUploadedFile("past.csv", b"user,item,at\n" + b"x" * 1_200_000)

    page = browser.post(IMPORT, {"kind": "events", "upload": upload}).content.decode()

    assert error_of(page, "id_upload").startswith(
        "The file is too large: give .csv, .jsonl, .parquet, of at most 1.0 MB."
    )
    assert not ImportJob.objects.exists()


def test_an_admin_names_a_file_of_the_server_which_stays(
    browser: Client, settings: Settings
) -> None:
    settings.IMPORT_DIR.mkdir()
    file = settings.IMPORT_DIR / "big.csv"
    file.write_bytes(CSV)
    (settings.IMPORT_DIR / "secret.txt").write_text("no")

    page = browser.get(IMPORT).content.decode()
    assert "big.csv" in page
    assert "secret.txt" not in page
    browser.post(IMPORT, {"kind": "events", "on_server": "big.csv"})
    job = ImportJob.objects.get()
    browser.post(address(job, "check/"), MATCHED)
    page = browser.get(address(job)).content.decode()
    [asked] = re.findall(r'<div popover id="cancel-import".*?</form>', page, re.DOTALL)
    assert "<p>Nothing was written.</p>" in asked  # and of a file of the server there is no copy
    assert page.count(address(job, "cancel/")) == asked.count(address(job, "cancel/")) == 1
    browser.post(address(job, "cancel/"))

    assert file.exists()
    assert "Cancelled by maya. Nothing was written." in text(browser, address(job))


@pytest.mark.parametrize("name", ["../secret_key", "/etc/passwd", "secret.txt"])
def test_no_other_file_of_the_server_can_be_named(
    browser: Client, settings: Settings, name: str
) -> None:
    settings.IMPORT_DIR.mkdir()
    (settings.IMPORT_DIR / "big.csv").write_bytes(CSV)
    (settings.IMPORT_DIR / "secret.txt").write_bytes(CSV)

    page = browser.post(IMPORT, {"kind": "events", "on_server": name}).content.decode()

    assert error_of(page, "id_on_server").startswith("Select a valid choice.")
    assert not ImportJob.objects.exists()


def test_only_an_admin_is_offered_files_of_the_server(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.IMPORT_DIR.mkdir()
    (settings.IMPORT_DIR / "big.csv").write_bytes(CSV)
    user = User.objects.create_user("eve", password="x")
    Person.objects.create(user=user, role="experimenter")
    client.force_login(user)

    assert "big.csv" not in client.get(IMPORT).content.decode()
    page = client.post(IMPORT, {"kind": "events", "on_server": "big.csv"}).content.decode()
    assert error_of(page, "id_upload").startswith("Choose a file.")
    assert not ImportJob.objects.exists()


def test_a_run_is_followed_until_it_ends(browser: Client) -> None:
    job = bring(browser)
    ImportJob.objects.update(status="running", progress=0.37, rejected=12)

    page = text(browser, address(job, "live/"))
    assert "12 rows rejected so far" in page
    assert "37%" in page

    ImportJob.objects.update(status="done")
    assert browser.get(address(job, "live/"))["HX-Refresh"] == "true"


def test_a_file_that_is_gone_says_what_to_do(browser: Client) -> None:
    job = bring(browser)
    job.file.unlink()

    assert "The file is gone from the server" in text(browser, address(job))


def test_parts_that_scroll_have_names_of_their_own(browser: Client) -> None:
    page = browser.get(address(bring(browser))).content.decode()

    assert page.count('aria-labelledby="first-rows"') == 1
    assert 'role="group" aria-label="Rows, which scroll sideways"' in page


def test_a_name_of_two_columns_is_refused_at_the_file_and_nothing_is_kept(
    browser: Client, settings: Settings
) -> None:
    body = b"user,item,user,at\nu1,i1,u2,2026-11-01T10:00:00Z\n"

    page = browser.post(
        IMPORT, {"kind": "events", "upload": SimpleUploadedFile("dup.csv", body)}
    ).content.decode()

    assert error_of(page, "id_upload").startswith("dup.csv: 2 columns are named “user”.")
    assert not ImportJob.objects.exists()
    assert list(settings.UPLOADS_DIR.glob("*")) == []


def test_a_file_that_became_unfit_is_named_as_it_was_brought(browser: Client) -> None:
    job = bring(browser, name="mine.csv")
    job.file.write_bytes(b"customer_id,sku,time,stars,sku\n")
    jobs.check(job, MATCHED)

    page = text(browser, address(job))

    assert "mine.csv: the column “sku” is there twice." in page
    assert job.file.name not in page


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        (b"1,10,2024-01-01\n2,11,2024-01-02\n", True),
        (b"user,item,2024\nu1,i1,3\n", False),
    ],
)
def test_a_first_line_that_looks_like_a_row_is_asked_about(
    browser: Client, body: bytes, asked: bool
) -> None:
    page = text(browser, address(bring(browser, body)))

    assert ("Has this file a header? Its first line is 1, 10, 2024-01-01," in page) == asked
    assert ("Has this file a header?" in page) == asked


@pytest.mark.parametrize(
    ("separator", "name"), [(b",", "commas"), (b";", "semicolons"), (b"\t", "tabs")]
)
def test_what_separates_columns_is_found_and_said(
    browser: Client, separator: bytes, name: str
) -> None:
    job = bring(browser, CSV.replace(b",", separator))

    assert f"Its columns are separated by {name}" in text(browser, address(job))
    browser.post(address(job, "check/"), MATCHED)
    browser.post(address(job, "start/"))
    job.refresh_from_db()
    assert (job.status, job.accepted, job.rejected) == ("done", 1, 1)


def test_who_waits_reads_for_what(browser: Client) -> None:
    job = bring(browser)
    ImportJob.objects.filter(pk=job.pk).update(status="queued")

    assert "It waits for the worker of the queue import." in text(browser, address(job))

    other = bring(browser, name="large.csv")
    ImportJob.objects.filter(pk=other.pk).update(status="running")
    for page in (address(job), address(job, "live/")):
        assert "It waits for large.csv: files are taken one after another." in text(browser, page)
