"""The Celery application: four queues, and a clock that asks for analyses and sweeps."""

import os
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning
from celery.signals import celeryd_after_setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

PUBLISH_SECONDS = 1.0  # for one try; there are two


class Application(Celery):
    """Celery, but whoever sends a task waits at most 2 s for a broker that hangs.

    Only connections that send have the limit. A worker waits for the next task on one that reads,
    and there a slow answer is the normal case.
    """

    def connection_for_write(self, url: str | None = None, **kwargs: Any) -> Any:
        limits = {"socket_timeout": PUBLISH_SECONDS, "socket_connect_timeout": PUBLISH_SECONDS}
        options = limits | (kwargs.pop("transport_options", None) or {})
        return super().connection_for_write(url, transport_options=options, **kwargs)


app = Application("winnow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["pipelines"])


@celeryd_after_setup.connect
def quieten(**_: Any) -> None:
    """Spare a worker's reader a long text about a future default, whenever the broker goes away.

    Jobs have a lease, so a task that is delivered again finds its work taken. Celery itself asks
    for the text when it sets up a worker, hence not before.
    """
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
