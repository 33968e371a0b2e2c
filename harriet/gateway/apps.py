from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "harriet.gateway"
    label = "gateway"

    def ready(self) -> None:
        from approvals.edited_call import JUDGES
        from approvals.runs.rehearse import GATES
        from harriet.gateway.judge_edit import judge_edit
        from harriet.gateway.runs.rehearsed import gate_says

        JUDGES.append(judge_edit)
        GATES.append(gate_says)
