from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "vault"
    label = "vault"

    def ready(self) -> None:
        from harriet.people.endings import ACCESS
        from vault.actions.end_grants import end_grants

        ACCESS.append(end_grants)
