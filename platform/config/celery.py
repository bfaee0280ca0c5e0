"""The Celery application: three queues, and a clock that asks for analyses and sweeps."""

import os
import warnings

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Long text about a future default, printed whenever the broker goes away. Jobs have a lease, so a
# task that is delivered again finds its work taken.
warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)

app = Celery("winnow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["pipelines"])
