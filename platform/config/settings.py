"""Every setting of Winnow, with defaults that run on one machine with nothing else installed.

What a deployment sets is read from the environment; docs/reference/settings.md lists it.
"""

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
import plotly

from config import languages, mail, secret, valkey
from experiments import cadence

BASE_DIR = Path(__file__).resolve().parent.parent.parent
WINNOW_VAR = Path(os.environ.get("WINNOW_VAR") or BASE_DIR / "var").resolve()
JOURNAL_DIR = WINNOW_VAR / "journal"
LOG_DIR = WINNOW_VAR / "log"
MODELS_DIR = WINNOW_VAR / "models"
TENSORBOARD_DIR = WINNOW_VAR / "tensorboard"
METRICS_DIR = WINNOW_VAR / "metrics"
CACHE_DIR = WINNOW_VAR / "cache"
UPLOADS_DIR = WINNOW_VAR / "uploads"
IMPORT_DIR = Path(os.environ.get("WINNOW_IMPORT_DIR") or WINNOW_VAR / "imports").resolve()
PLAN_MIRROR = WINNOW_VAR / "plan.json"
LEASH = BASE_DIR / "platform" / "config" / "leash.py"

WINNOW_VERSION = "0.1.0"

DEBUG = os.environ.get("WINNOW_DEBUG") == "1"
SECRET_KEY = os.environ.get("WINNOW_SECRET_KEY") or secret.read_or_create(WINNOW_VAR / "secret_key")
ALLOWED_HOSTS = os.environ.get("WINNOW_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("WINNOW_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "config",
    "offline",
    "dashboard",
    "api",
    "pipelines",
    "simulator",
    "serving",
    "events",
    "experiments",
    "recommenders",
    "notices",
    "imports",
    "people",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "dashboard.zone.readers_zone",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.frame",
            ],
        },
    }
]

# --- What holds state -----------------------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.config(
        default=f"sqlite:///{WINNOW_VAR / 'winnow.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,  # a database that was restarted costs nobody a failed request
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that begins by reading and then writes would fail at once, without waiting,
        # where another process wrote in between; one that begins IMMEDIATE waits its turn.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
elif DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # Requests wait for it: one that hangs must not hold them for the system's two minutes.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
VALKEY_URL = os.environ.get("VALKEY_URL") or valkey.socket_url(valkey.embedded_socket(WINNOW_VAR))

# --- Celery ---------------------------------------------------------------------------------------

CELERY_BROKER_URL = valkey.broker_url(VALKEY_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A page that asks for a training does not wait 6 s for a broker that is away: the sweep asks again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "analysis"
CELERY_TASK_ROUTES = {
    "pipelines.train": {"queue": "train"},
    "pipelines.search": {"queue": "train"},
    # What takes minutes on a large log waits behind a training, and no experiment waits behind it.
    "pipelines.run_audits": {"queue": "train"},
    "pipelines.count_baselines": {"queue": "train"},
    # Somebody waits for what a dry run says: a file waits for other files alone.
    "pipelines.import_file": {"queue": "import"},
    "pipelines.materialise_slates": {"queue": "serve"},
    "pipelines.deliver_notices": {"queue": "serve"},
    "pipelines.*": {"queue": "analysis"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
_TICKS = {
    "pipelines.analyse_running": cadence.BEAT,
    "pipelines.announce_plan": timedelta(seconds=5),
    "pipelines.ask_due_trainings": timedelta(seconds=60),
    "pipelines.count_baselines": timedelta(minutes=5),
    "pipelines.deliver_notices": timedelta(seconds=15),
    "pipelines.keep_schedules": timedelta(seconds=15),
    # One round of care may take longer than the pause; the next then finds the lease taken.
    "pipelines.look_after_log": timedelta(minutes=5),
    "pipelines.refresh_slates": timedelta(seconds=60),
    # Finds what a lost message left waiting, and when the weekly audit is due.
    "pipelines.run_audits": timedelta(seconds=60),
    "pipelines.sweep_imports": timedelta(seconds=60),
    "pipelines.sweep_searches": timedelta(seconds=30),
    "pipelines.sweep_trainings": timedelta(seconds=30),
    "pipelines.take_pulse": timedelta(seconds=15),
}
CELERY_BEAT_SCHEDULE = {
    # What a worker was away for is not made up for: the next tick asks again.
    task: {"task": task, "schedule": every, "options": {"expires": every.total_seconds()}}
    for task, every in _TICKS.items()
}

# --- The log --------------------------------------------------------------------------------------

# Days of the log that are kept; without it, all of them.
RETENTION_DAYS = max(0, int(os.environ.get("WINNOW_RETENTION_DAYS") or 0)) or None

# --- Training ------------------------------------------------------------------------------------

# What one training may take before its process is ended; 0 is no limit.
TRAIN_SECONDS = 60 * max(0.0, float(os.environ.get("WINNOW_TRAIN_MINUTES") or 360)) or None
TRAIN_MEMORY_BYTES = 2**20 * max(0, int(os.environ.get("WINNOW_TRAIN_MEMORY_MB") or 0)) or None

# --- Routing --------------------------------------------------------------------------------------

ROUTE_DEADLINE_MS = int(os.environ.get("WINNOW_ROUTE_DEADLINE_MS", "100"))
SLATE_SIZE = 100  # items kept in a materialised slate: room for the largest k

# --- Notices --------------------------------------------------------------------------------------

# Under which people reach the pages: the links in notices begin with it.
PUBLIC_URL = (
    os.environ.get("WINNOW_PUBLIC_URL") or os.environ.get("WINNOW_URL") or "http://127.0.0.1:8000"
).rstrip("/")
MAIL_IS_ON = bool(os.environ.get("WINNOW_EMAIL_URL"))
if MAIL_IS_ON:
    globals().update(mail.settings_of(os.environ["WINNOW_EMAIL_URL"]))
DEFAULT_FROM_EMAIL = os.environ.get("WINNOW_EMAIL_FROM") or "winnow@localhost"

# --- Web ------------------------------------------------------------------------------------------

# The largest valid batch of events, 1,000 with 20 properties of 1,024 characters, fits as ASCII;
# and what fits is below the 32 MiB that one append to a journal takes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 24 * 2**20
FILE_UPLOAD_HANDLERS = ["imports.uploading.BoundedUploadHandler"]
UPLOAD_MOST_BYTES = max(1, int(os.environ.get("WINNOW_UPLOAD_MB") or 256)) * 1_000_000
# Proxies in front of this one whose word on a caller's address is taken.
# Whether reports may be made that are read without a login.
OPEN_REPORTS = os.environ.get("WINNOW_OPEN_REPORTS") == "1"
TRUSTED_PROXIES = max(0, int(os.environ.get("WINNOW_PROXIES") or 0))
LOGIN_URL = "dashboard:login"
LOGIN_REDIRECT_URL = "dashboard:overview"
LOGOUT_REDIRECT_URL = "dashboard:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
STATIC_URL = "/static/"
STATIC_ROOT = WINNOW_VAR / "static"
STATICFILES_DIRS = [("plotly", Path(plotly.__file__).parent / "package_data")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("WINNOW_HTTPS") == "1"
LANGUAGE_CODE = "en"
# A translation of Winnow itself, and one that an installation brings.
LOCALE_PATHS = [BASE_DIR / "locale", WINNOW_VAR / "locale"]
LANGUAGES = languages.found(LOCALE_PATHS)
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["api.permissions.KeyAllows"],
    "DEFAULT_RENDERER_CLASSES": ["api.rendering.MsgspecRenderer"],
    "DEFAULT_PARSER_CLASSES": [],  # views decode the body themselves, into their own types
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.problems.handle",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Winnow",
    "DESCRIPTION": "Route people to recommender variants, send back what they did, and manage all "
    "that decides it.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",  # whose schemas are JSON Schema, as msgspec writes it
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["api.schema.add_components", "api.schema.add_examples"],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Logging --------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": os.environ.get("WINNOW_LOG_LEVEL", "INFO")},
    "loggers": {"django.server": {"level": "WARNING"}},
}
