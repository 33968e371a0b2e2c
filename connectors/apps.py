from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"
    label = "connectors"

    def ready(self) -> None:
        from connectors import events  # noqa: F401  registers the audit events
