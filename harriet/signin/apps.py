from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "harriet.signin"
    label = "signin"

    def ready(self) -> None:
        from harriet.signin import allauth_signals  # noqa: F401  (listens to allauth)
