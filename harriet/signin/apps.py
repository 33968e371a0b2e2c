from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "harriet.signin"
    label = "signin"

    def ready(self) -> None:
        from harriet.signin import events  # noqa: F401  (registers audit codes; listens to allauth)
