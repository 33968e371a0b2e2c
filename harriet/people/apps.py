from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "harriet.people"
    label = "people"

    def ready(self) -> None:
        from audit.verification.expected_logs import expect_logs_of
        from harriet.people.actions.end_device_invitations import end_device_invitations
        from harriet.people.actions.end_links import end_links
        from harriet.people.actions.end_own_sessions import end_own_sessions
        from harriet.people.actions.tell_of_known_keys import tell_of_known_keys
        from harriet.people.endings import ACCESS
        from harriet.people.queries import is_organization, organization_ids

        expect_logs_of(organization_ids, is_organization)
        ACCESS += [end_device_invitations, end_links, end_own_sessions, tell_of_known_keys]
