from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "harriet.signin"
    label = "signin"

    def ready(self) -> None:
        from harriet.people.endings import ACCESS, DEVICES
        from harriet.signin import allauth_signals  # noqa: F401  (listens to allauth)
        from harriet.signin.actions.end_connected_app import end_apps_of_device, end_apps_of_person
        from harriet.signin.actions.end_provider_sessions import end_provider_sessions

        ACCESS.extend((end_apps_of_person, end_provider_sessions))
        DEVICES.append(end_apps_of_device)
