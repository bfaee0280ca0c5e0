from django.apps import AppConfig


class EventsConfig(AppConfig):
    """No models: what this app stores lies in journals and in the Delta log."""

    name = "events"
    verbose_name = "Events"
