from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "harriet.console"
    label = "console"

    def ready(self) -> None:
        from harriet.console.records import checks  # noqa: F401  # registers itself
