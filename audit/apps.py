from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AuditConfig(AppConfig):
    name = "audit"
    label = "audit"

    def ready(self) -> None:
        from audit import checks  # noqa: F401

        autodiscover_modules("events")  # an event that is declared wrongly stops the start, not a sentence of the log
