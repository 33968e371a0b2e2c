"""Rules on the arguments of calls: what is held, or refused, whatever else lets it run."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from connectors.models.connectors import Connector
from connectors.models.tools import Tool
from harriet.lib.ids import new_id


class ArgumentRule(models.Model):
    """Of one connector, or of one of its tools. Only ever makes a call wait that would have run, or refuses it."""

    class Effect(models.TextChoices):
        HOLD = "hold", "Wait for approval"
        REFUSE = "refuse", "Refuse"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="argument_rules")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, null=True, blank=True, related_name="argument_rules")
    """None for all tools of the connector."""
    expression = models.CharField(max_length=1000)
    """In CEL: met when it is true."""
    effect = models.CharField(max_length=8, choices=Effect.choices, default=Effect.HOLD)
    sentence = models.CharField(max_length=200)
    """What people are told when it stops their call."""
    is_on = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["organization", "-created_at"], name="argument_rule_newest")]

    def __str__(self) -> str:
        return self.sentence
