from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "harriet.console"
    label = "console"
