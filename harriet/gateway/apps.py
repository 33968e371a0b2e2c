from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "harriet.gateway"
    label = "gateway"
