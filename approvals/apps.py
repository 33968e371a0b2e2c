from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "approvals"
    label = "approvals"

    def ready(self) -> None:
        from approvals.actions.end_calls import end_agent_calls, end_calls, tell_of_undecidable
        from approvals.actions.end_runs import end_runs
        from approvals.webhooks.outbox import settle_for_webhooks, tell_webhooks
        from harriet.people.endings import ACCESS, AGENTS, RIGHTS
        from harriet.people.notifications.outside import ENDS, MATTERS

        ACCESS.extend((end_calls, end_runs))
        AGENTS.append(end_agent_calls)
        RIGHTS.append(tell_of_undecidable)
        MATTERS.append(tell_webhooks)
        ENDS.append(settle_for_webhooks)
