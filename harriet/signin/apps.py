from django.apps import AppConfig


class SigninConfig(AppConfig):
    name = "harriet.signin"
    label = "signin"
