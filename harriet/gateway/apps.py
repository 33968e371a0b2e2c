from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "harriet.gateway"
    label = "gateway"

    def ready(self) -> None:
        from approvals.edited_call import JUDGES
        from harriet.gateway.judge_edit import judge_edit

        JUDGES.append(judge_edit)
