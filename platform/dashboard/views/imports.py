"""Importing a file: which, its columns, a dry run, and then the import as a job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import needs
from dashboard.forms.imports import SHAPES, ColumnsForm, FileForm
from dashboard.people import person
from imports import jobs, uploading
from imports.exceptions import ImportRefused
from imports.guessing import Preview, guess, preview
from imports.models import ImportJob
from people.actors import Actor
from people.roles import Role, role_of

SHOWN = 20  # earlier imports
SEPARATED = {
    ",": gettext_lazy("Its columns are separated by commas"),
    ";": gettext_lazy("Its columns are separated by semicolons"),
    "\t": gettext_lazy("Its columns are separated by tabs"),
}


@needs(Role.EXPERIMENTER)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    form = FileForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        may_name=role_of(person(request)) >= Role.ADMIN,
        too_large=uploading.TOO_LARGE in request.META,
    )
    if request.method == "POST" and form.is_valid():
        made = _make(form, Actor.of(person(request)))
        if made:
            return redirect("dashboard:data-import-job", made.pk)
    context = {
        "form": form,
        "shapes": list(SHAPES.items()),
        "jobs": list(ImportJob.objects.all()[:SHOWN]),
    }
    return render(request, "dashboard/import.html", context)


def _make(form: FileForm, actor: Actor) -> ImportJob | None:
    """A job for the file; None, with the reason at the field, for one that cannot be read."""
    upload, named = form.cleaned_data["upload"], form.server_file()
    path = uploading.keep(upload) if isinstance(upload, UploadedFile) else named
    assert path is not None  # noqa: S101  (the form is valid)
    name = upload.name if upload else path.name
    try:
        preview(path)
    except ImportRefused as error:
        form.add_error("upload" if upload else "on_server", str(error).replace(path.name, name))
        if upload:
            path.unlink()
        return None
    return jobs.create(
        kind=form.cleaned_data["kind"],
        name=name,
        path=path,
        uploaded=bool(upload),
        actor=actor,
        now=now(),
    )


@needs(Role.EXPERIMENTER)
@require_safe
@never_cache
def job(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _job(request, pk))


@needs(Role.EXPERIMENTER)
@require_safe
@never_cache
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; a run that has ended brings the whole page, with what comes next."""
    found = _job(request, pk)
    if not found.is_active():
        answer = HttpResponse(status=200)
        answer["HX-Refresh"] = "true"
        return answer
    return render(request, "dashboard/import/progress.html", _followed(found))


@needs(Role.EXPERIMENTER)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    found = _job(request, pk)
    if found.is_active() or found.is_over():
        return redirect("dashboard:data-import-job", pk)
    shown = _previewed(found)
    form = _columns_form(found, shown, request.POST)
    if form is None or not form.is_valid():
        return _page(request, found, form)
    jobs.check(found, form.columns())
    return redirect("dashboard:data-import-job", pk)


@needs(Role.EXPERIMENTER)
@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    if not jobs.start(_job(request, pk), actor=Actor.of(person(request)), now=now()):
        messages.info(request, _("Nothing was started: check the file first."))
    return redirect("dashboard:data-import-job", pk)


@needs(Role.EXPERIMENTER)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    if not jobs.cancel(_job(request, pk), actor=Actor.of(person(request)), now=now()):
        messages.info(request, _("The import had ended already, so nothing was cancelled."))
    return redirect("dashboard:data-import-job", pk)


def _job(request: HttpRequest, pk: int) -> ImportJob:
    return get_object_or_404(ImportJob, pk=pk)


def _previewed(job: ImportJob) -> Preview | None:
    """The beginning of the file; None where it is gone."""
    try:
        return None if job.is_over() else preview(Path(job.path))
    except ImportRefused:
        return None


def _columns_form(job: ImportJob, shown: Preview | None, data: Any) -> ColumnsForm | None:
    if shown is None:
        return None
    return ColumnsForm(data, kind=job.kind, columns=shown.columns, chosen=job.columns)


def _followed(job: ImportJob) -> dict[str, Any]:
    """A job under way, and whose turn it is where it waits."""
    running = ImportJob.objects.exclude(pk=job.pk).filter(status=ImportJob.Status.RUNNING)
    return {"job": job, "ahead": running.first()}


def _headless(job: ImportJob, shown: Preview | None) -> bool:
    """Whether the first line looks like a row: values in it, and no name that is known."""
    return bool(shown and shown.says_values and not guess(shown.columns, SHAPES[job.kind].known))


def _page(request: HttpRequest, job: ImportJob, form: ColumnsForm | None = None) -> HttpResponse:
    shown = None if job.is_active() else _previewed(job)
    context = _followed(job) | {
        "headless": _headless(job, shown),
        "separated": SEPARATED.get(shown.separator) if shown else None,
        "shape": SHAPES[job.kind],
        "preview": shown,
        "form": form or _columns_form(job, shown, None),
    }
    return render(request, "dashboard/import_job.html", context)
