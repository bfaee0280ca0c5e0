from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Webhooks, subscriptions by e-mail, and what is on its way to them."""

    name = "notices"
    verbose_name = "Notices"
