"""What the gateway remembers in the database."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

SESSIONS_KEPT = timedelta(days=7)
"""After the last change of its row. Ids of sessions are good for less, so that none outlives the row that ended it."""


class ClientSession(models.Model):
    """What a handshake-era client's session has learned since it began; most sessions need no row. Its id, capabilities
    and owner are in the session id itself, which only Harriet can read."""

    id = models.UUIDField(primary_key=True, editable=False)
    token = models.ForeignKey("people.AccessToken", on_delete=models.CASCADE, related_name="+")
    log_level = models.CharField(max_length=10, blank=True)
    subscriptions = models.JSONField(default=list)
    """The addresses of resources, as the client knows them."""
    ended_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "connectors_clientsession"
        """Where the rows were when this was the connectors' model."""
        indexes = [models.Index(fields=["changed_at"], name="client_session_old")]

    def __str__(self) -> str:
        return str(self.id)
