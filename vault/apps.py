from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "vault"
    label = "vault"

    def ready(self) -> None:
        from vault import events  # noqa: F401
