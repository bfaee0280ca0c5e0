from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Which role a person has, and what was done by whom."""

    name = "people"
    verbose_name = "People"
