"""Whose a resource is: which addresses each server has listed."""

from __future__ import annotations

from django.db import models

from connectors.models.connectors import Connector


class ResourceAddresses(models.Model):
    """Which resources and templates a connector's server listed, each with when it first and last did: what decides
    whose an address is in profiles without prefix. One row a connector, read when somebody asks for such an address."""

    connector = models.OneToOneField(Connector, on_delete=models.CASCADE, primary_key=True, related_name="+")
    resources = models.JSONField(default=dict)
    templates = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.connector_id)
