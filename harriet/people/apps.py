from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "harriet.people"
    label = "people"

    def ready(self) -> None:
        from . import events  # noqa: F401  (registers its audit codes)
