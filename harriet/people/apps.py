from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "harriet.people"
    label = "people"

    def ready(self) -> None:
        from audit.verification.expected_logs import expect_logs_of
        from harriet.people.queries import is_organization, organization_ids

        expect_logs_of(organization_ids, is_organization)
