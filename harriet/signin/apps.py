from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "harriet.signin"
    label = "signin"

    def ready(self) -> None:
        from . import events, heard  # noqa: F401  (registers audit codes; listens to allauth)
