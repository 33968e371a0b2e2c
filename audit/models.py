"""What happened: append-only events and the seals that chain them. Ids and labels only, no foreign keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.functional import cached_property

from audit.stored_event import NAMES, StoredEvent, complaint
from audit.vocabulary.sentences import sentence_for
from harriet.lib.ids import new_id

INSTALLATION = UUID(int=0)
"""Stands for the organization in events of the whole installation (start-up, root keys)."""

RARE = {"decision": ("hold", "refuse"), "outcome": ("cancelled", "error", "timeout", "unknown")}
"""What most calls are not. Only events with such a word are in the index by it, so that it costs the others nothing."""


class Event(models.Model):
    """One decision or change. `body` is the canonical JSON that `mac` covers; the columns repeat it for searching."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    request_id = models.UUIDField()
    """The same for everything that one call or one web request caused."""
    code = models.CharField(max_length=60)
    person_id = models.UUIDField(null=True)
    connector_id = models.UUIDField(null=True)
    tool_id = models.UUIDField(null=True)
    decision = models.CharField(max_length=12, blank=True)
    outcome = models.CharField(max_length=12, blank=True)
    body = models.TextField()
    mac = models.BinaryField(max_length=32)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "-recorded_at"]),
            models.Index(fields=["request_id", "-recorded_at"]),
            models.Index(fields=["organization_id", "code", "-recorded_at"]),
            models.Index(fields=["organization_id", "person_id", "-recorded_at"]),
            models.Index(fields=["connector_id", "-recorded_at"]),
            models.Index(fields=["tool_id", "-recorded_at"]),
            models.Index(fields=["recorded_at"], name="audit_event_intents", condition=models.Q(code="call.intent")),
            *(
                models.Index(
                    fields=["organization_id", word, "-recorded_at"],
                    name=f"audit_event_rare_{word}s",
                    condition=models.Q(**{f"{word}__in": rare}),
                )
                for word, rare in RARE.items()
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.id}"

    @cached_property
    def wrong(self) -> str:
        """Why this is no event of Harriet's, to be read after "it …"; empty for all that Harriet wrote."""
        columns = (getattr(self, name) for name in NAMES)
        texts = (str(value) if isinstance(value, UUID) else value for value in columns)
        event = StoredEvent._make((*texts, self.body, bytes(self.mac), 0))  # its time is in no MAC but its seal's
        return complaint(event, str(self.organization_id))

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The body, parsed; of a row that Harriet did not write nothing is believed."""
        if self.wrong:
            return {}
        parsed: dict[str, Any] = orjson.loads(self.body)
        return parsed

    @property
    def sentence(self) -> str:
        return f"Not an event: this row {self.wrong}." if self.wrong else sentence_for(self.fields)


class Unsealed(models.Model):
    """The sealer's queue: an insert trigger on Event fills it, sealing empties it."""

    event_id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField(db_index=True)

    def __str__(self) -> str:
        return str(self.event_id)


class Seal(models.Model):
    """One link of an organization's chain: a batch of events, in order, bound to the seal before it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    sequence = models.BigIntegerField()
    """1, 2, 3 … within the organization, without gaps."""
    algorithm = models.CharField(max_length=20)
    """Which of audit.chain's constructions made root and link."""
    previous = models.BinaryField(max_length=32)
    event_ids = ArrayField(models.UUIDField())
    root = models.BinaryField(max_length=32)
    link = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)
    """Over id, time and link, under a key that is not in the database: a chain made anew by hand shows."""
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization_id", "sequence"], name="seal_sequence_once")]
        indexes = [models.Index(fields=["organization_id", "sealed_at"])]

    def __str__(self) -> str:
        return f"seal {self.sequence}"


class Mark(models.Model):
    """How far an organization's chain goes. The sealer moves it with each seal; `audit.chain.marks` signs it."""

    organization_id = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField()
    link = models.BinaryField(max_length=32)
    events = models.BigIntegerField()
    foreign_seals = models.BigIntegerField()
    """Seals after `sequence` that are known not to be Harriet's."""
    mac = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"the chain goes to seal {self.sequence}"


class SetAside(models.Model):
    """A row among the events that Harriet did not write. It is in no seal, and nothing that counts calls counts it."""

    event_id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField(db_index=True)
    """Which the row claims to be of."""
    found_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.event_id)


class CallCount(models.Model):
    """How many calls the sealed events tell of: an organization's by day, a connector's by hour, a tool's by day. The
    sealer adds those of a batch in the transaction that links it: each event counts once, and no call waits for it."""

    class Of(models.TextChoices):
        ORGANIZATION = "organization"
        CONNECTOR = "connector"
        TOOL = "tool"

    class What(models.TextChoices):
        CALLED = "called"
        """Every check was passed, and the call was about to leave."""
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        HELD = "held"
        REFUSED = "refused"

    organization_id = models.UUIDField()
    of = models.CharField(max_length=12, choices=Of.choices)
    subject_id = models.UUIDField()
    since = models.DateTimeField()
    """When the day or the hour begins, in UTC."""
    what = models.CharField(max_length=10, choices=What.choices)
    calls = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "of", "since", "subject_id", "what"], name="call_count_once"
            )
        ]
        indexes = [
            models.Index(fields=["subject_id", "since"], name="call_count_of_subject"),
            models.Index(fields=["of", "since"], name="call_count_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.calls} {self.what} since {self.since}"


CALLS = ("succeeded", "of_caller", "of_harriet", "of_upstream", "refused")
"""The columns of CallUsage that together are all its calls."""


class CallUsage(models.Model):
    """What became of calls on one day, and how long they took: by each caller, tool, connector and client, and of every
    combination of them that there was; by the hour for all together. Counted from the sealed events by a task, so that
    no page counts the events themselves. What a row is not about is all zeros, or empty."""

    class Of(models.TextChoices):
        HOUR = "hour", "All calls of an hour"
        PERSON = "person", "A caller"
        TOOL = "tool", "A tool"
        CONNECTOR = "connector", "A connector"
        CLIENT = "client", "A client"
        EACH = "each", "A caller with a tool and a client"

    organization_id = models.UUIDField()
    of = models.CharField(max_length=10, choices=Of.choices)
    since = models.DateTimeField()
    """When the day or the hour begins, in UTC."""
    person_id = models.UUIDField(default=INSTALLATION)
    connector_id = models.UUIDField(default=INSTALLATION)
    tool_id = models.UUIDField(default=INSTALLATION)
    client = models.CharField(max_length=120, blank=True)
    label = models.CharField(max_length=200, blank=True)
    """What it is of was called so then."""
    succeeded = models.BigIntegerField(default=0)
    of_caller = models.BigIntegerField(default=0)
    """Failed, and the caller is why."""
    of_harriet = models.BigIntegerField(default=0)
    of_upstream = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    harriet_us = models.BigIntegerField(default=0)
    """Microseconds that measured calls spent in Harriet."""
    upstream_us = models.BigIntegerField(default=0)
    """Microseconds for which they waited for the server."""
    harriet_times = ArrayField(models.IntegerField(), default=list)
    """How many took how long: a number for each of `usage.BOUNDS`, and one for what took longer."""
    upstream_times = ArrayField(models.IntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "of", "since", "person_id", "tool_id", "connector_id", "client"],
                name="call_usage_once",
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "of", "person_id", "since"], name="call_usage_of_person"),
            models.Index(fields=["organization_id", "of", "tool_id", "since"], name="call_usage_of_tool"),
            models.Index(fields=["organization_id", "of", "connector_id", "since"], name="call_usage_of_connector"),
            models.Index(fields=["organization_id", "of", "client", "since"], name="call_usage_of_client"),
            models.Index(fields=["since"], name="call_usage_oldest"),
            *(
                models.Index(
                    fields=["organization_id", "since"],
                    include=[f"{of}_id", *CALLS],
                    condition=models.Q(of=of),
                    name=f"call_usage_busiest_{many}",
                )
                for of, many in (("person", "people"), ("tool", "tools"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label or self.of} since {self.since}"


class UsageMark(models.Model):
    """How far an organization's calls have been counted into CallUsage."""

    organization_id = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField()
    """The last seal that was counted."""
    counted_until = models.DateTimeField()
    """When that was sealed."""

    def __str__(self) -> str:
        return f"counted up to seal {self.sequence}"


class Checkpoint(models.Model):
    """A verification, of the whole log or of a range: up to this seal the chain held. The next one shows when the chain
    was cut short since, and goes on where this one ended."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    sequence = models.BigIntegerField()
    link = models.BinaryField(max_length=32)
    events = models.BigIntegerField()
    fault = models.TextField(blank=True)
    """The first thing found wrong; empty when the chain held."""
    faults = models.BigIntegerField(default=0, db_default=0)
    """How many things were found wrong."""
    foreign = models.BigIntegerField(default=0, db_default=0)
    """How many of them are only rows that Harriet did not write: the chain itself holds."""
    whole_since = models.DateTimeField(null=True)
    """Each event that was sealed then has been verified since; nothing until that is so for the first time."""
    place = models.TextField(blank=True, default="", db_default="")
    """Where the next turn goes on (`audit.verification.place`); empty in those from before there were ranges."""
    mac = models.BinaryField(max_length=32, default=b"", db_default=b"")
    """Under a key that is not in the database; empty in those from before they were signed."""
    verified_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["organization_id", "-verified_at"])]

    def __str__(self) -> str:
        return f"verified up to seal {self.sequence}"


class Sweep(models.Model):
    """How far calls without an outcome have been looked for: one row, locked by whoever looks."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    swept_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"swept until {self.swept_until}"
