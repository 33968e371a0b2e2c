from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"
    label = "connectors"

    def ready(self) -> None:
        from connectors.actions.tell_of_ownerless import tell_of_ownerless
        from harriet.people.endings import ACCESS

        ACCESS.append(tell_of_ownerless)
