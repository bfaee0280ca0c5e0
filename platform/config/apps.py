from django.apps import AppConfig
from django.db.backends.signals import connection_created

from config.folding import fold


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "Winnow"

    def ready(self) -> None:
        connection_created.connect(fold)
