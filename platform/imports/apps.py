from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """Files that people bring, and the jobs that take them in."""

    name = "imports"
