from django.apps import AppConfig


class RecommendersConfig(AppConfig):
    name = "recommenders"

    def ready(self) -> None:
        from recommenders import checks  # noqa: F401  (registers them)
