from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "harriet.people"
    label = "people"
