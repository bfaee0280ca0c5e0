"""Every Celery task: fetch, call one function, store. The work itself is in the modules beside this
one.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from experiments import looks
from imports import jobs as import_jobs
from notices import delivering, telling
from pipelines import (
    analysis,
    auditing,
    care,
    forecasts,
    importing,
    pulse,
    retraining,
    schedules,
    searching,
    slates,
    training,
)
from recommenders import jobs, searches
from serving import plans


@shared_task(name="pipelines.train")
def train(training_id: int) -> None:
    training.attempt(training_id)


@shared_task(name=searches.TASK)
def search(search_id: int) -> None:
    searching.attempt(search_id)


@shared_task(name="pipelines.sweep_searches")
def sweep_searches() -> None:
    searches.sweep(now=timezone.now())


@shared_task(name=import_jobs.TASK)
def import_file(job_id: int) -> None:
    importing.attempt(job_id)


@shared_task(name="pipelines.sweep_imports")
def sweep_imports() -> None:
    import_jobs.sweep(now=timezone.now())


@shared_task(name="pipelines.materialise_slates")
def materialise_slates(recommender: str) -> None:
    slates.materialise(recommender)


@shared_task(name="pipelines.refresh_slates")
def refresh_slates() -> None:
    slates.refresh(plans.current())


@shared_task(name="pipelines.announce_plan")
def announce_plan() -> None:
    plans.announce()
    plans.keep_up()


@shared_task(name="pipelines.analyse_running")
def analyse_running(force: bool = False) -> None:
    analysis.analyse_due(now=timezone.now(), force=force)


@shared_task(name=looks.TASK)
def analyse_experiment(experiment_id: int) -> None:
    analysis.analyse_one(experiment_id, now=timezone.now())


@shared_task(name="pipelines.keep_schedules")
def keep_schedules() -> None:
    schedules.keep(now=timezone.now())


@shared_task(name=telling.TASK)
def deliver_notices() -> None:
    delivering.deliver_due()
    delivering.forget_old(now=timezone.now())


@shared_task(name="pipelines.take_pulse")
def take_pulse() -> None:
    pulse.take(now=timezone.now())


@shared_task(name="pipelines.sweep_trainings")
def sweep_trainings() -> None:
    jobs.sweep(now=timezone.now())


@shared_task(name="pipelines.ask_due_trainings")
def ask_due_trainings() -> None:
    retraining.ask_due(now=timezone.now())


@shared_task(name="pipelines.look_after_log")
def look_after_log() -> None:
    care.look_after_log(now=timezone.now())


@shared_task(name="pipelines.erase_people")
def erase_people() -> None:
    care.erase_people()


@shared_task(name="pipelines.run_audits")
def run_audits() -> None:
    auditing.run_audits(now=timezone.now())


@shared_task(name="pipelines.count_baselines")
def count_baselines() -> None:
    forecasts.count_due(now=timezone.now())
