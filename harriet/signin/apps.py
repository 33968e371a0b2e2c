from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "harriet.signin"
    label = "signin"

    def ready(self) -> None:
        from harriet.people.endings import ACCESS, DEVICES
        from harriet.signin import allauth_signals  # noqa: F401  (listens to allauth)
        from harriet.signin.actions.end_connected_app import end_apps_of_device, end_apps_of_person
        from harriet.signin.actions.end_provider_sessions import end_provider_sessions
        from harriet.signin.actions.forget_subjects import forget_subject_of_person
        from harriet.signin.company_sign_in import CompanySignIn
        from vault.oauth.subjects import SIGN_INS

        ACCESS.extend((end_apps_of_person, end_provider_sessions, forget_subject_of_person))
        DEVICES.append(end_apps_of_device)
        SIGN_INS.append(CompanySignIn())
