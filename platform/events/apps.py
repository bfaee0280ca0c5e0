from django.apps import AppConfig


class EventsConfig(AppConfig):
    """What people did lies in journals and in the Delta log; rows say who looks after them."""

    name = "events"
    verbose_name = "Events"
