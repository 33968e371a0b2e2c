"""How often somebody may call something: limits, what was counted against them, and the breakers for calls that repeat
themselves and for tools that fail."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from connectors.models.connectors import Connector
from connectors.models.tools import Tool
from harriet.lib.ids import new_id

MOST_PER_MINUTE, MOST_PER_DAY = 100_000, 10_000_000
REPEATS, REPEAT_SECONDS = 30, 60
"""What holds where nobody has chosen: so many times the same call, within so many seconds."""


SUBJECTS = ("person", "device", "agent", "key", "tool", "connector")
"""What a limit may be of; each is a kind, and a column."""


class AtLimit(models.TextChoices):
    REFUSE = "refuse", "Refuse, and say how long to wait"
    HOLD = "hold", "Hold for approval"


class CallLimit(models.Model):
    """At most so many calls in a minute or a day, of one person, device, agent or shared key, of one tool or connector;
    or of each of a kind, when none is named. All limits that concern a call apply."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        DEVICE = "device", "Device"
        AGENT = "agent", "Agent"
        KEY = "key", "Shared key"
        TOOL = "tool", "Tool"
        CONNECTOR = "connector", "Connector"

    class Counts(models.TextChoices):
        CALLS = "calls", "All calls"
        WRITES = "writes", "Writes: calls of tools that are not read-only"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey("people.Organization", on_delete=models.CASCADE, related_name="call_limits")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    person = models.ForeignKey("people.Membership", on_delete=models.CASCADE, null=True, related_name="+")
    device = models.ForeignKey("people.Device", on_delete=models.CASCADE, null=True, related_name="+")
    agent = models.ForeignKey("people.Agent", on_delete=models.CASCADE, null=True, related_name="+")
    key = models.ForeignKey("people.AccessToken", on_delete=models.CASCADE, null=True, related_name="+")
    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, null=True, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, null=True, related_name="+")
    counts = models.CharField(max_length=8, choices=Counts.choices, default=Counts.CALLS)
    per_minute = models.PositiveIntegerField(null=True)
    per_day = models.PositiveIntegerField(null=True)
    at_limit = models.CharField(max_length=8, choices=AtLimit.choices, default=AtLimit.REFUSE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(per_minute__gte=1) | models.Q(per_day__gte=1), name="call_limit_limits_something"
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(kind=kind) | models.Q(**{f"{kind}__isnull": True}),
                    name=f"call_limit_names_a_{kind}_alone",
                )
                for kind in SUBJECTS
            ),
            models.UniqueConstraint(
                fields=["organization", "kind", "counts", "at_limit", *SUBJECTS],
                name="call_limit_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [models.Index(fields=["organization", "-created_at"], name="call_limit_newest")]

    def __str__(self) -> str:
        subject = self.subject
        return f"{self.get_kind_display()} {subject}" if subject else f"Each {self.get_kind_display().lower()}"

    @property
    def subject(self) -> models.Model | None:
        """Whom or what it names; None when it is for each of the kind."""
        found: models.Model | None = getattr(self, self.kind)
        return found


class LimitCount(models.Model):
    """What was counted against a limit on one day, of one person, device, …: how many calls ran, where the limit is one
    for a day, and how many came too often. Forgotten after some days."""

    limit = models.ForeignKey(CallLimit, on_delete=models.CASCADE, related_name="counts_kept")
    subject_id = models.UUIDField()
    """An account's, a device's …, as the log names them. No foreign key: what is gone was counted all the same."""
    day = models.DateField()
    """In UTC."""
    calls = models.PositiveBigIntegerField(default=0)
    turned_away = models.PositiveBigIntegerField(default=0)
    """Refused, or held for approval."""
    turned_away_at = models.DateTimeField(null=True)
    """When that happened last."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["limit", "subject_id", "day"], name="limit_count_once")]
        indexes = [
            models.Index(fields=["day"], name="limit_count_oldest"),
            models.Index(fields=["day", "limit"], condition=models.Q(turned_away__gt=0), name="limit_count_reached"),
            models.Index(
                fields=["limit", "-turned_away_at"], condition=models.Q(turned_away__gt=0), name="limit_reached"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calls} on {self.day}"


class Breakers(models.Model):
    """What an organization chose for calls that repeat themselves and for tools that fail. Without a row: on, and
    generous."""

    organization = models.OneToOneField(
        "people.Organization", on_delete=models.CASCADE, primary_key=True, related_name="breakers"
    )
    repeats = models.PositiveSmallIntegerField(default=REPEATS)
    """How many times the same caller may make the same call with the same arguments; 0 for as often as they like."""
    seconds = models.PositiveSmallIntegerField(default=REPEAT_SECONDS)
    at_limit = models.CharField(max_length=8, choices=AtLimit.choices, default=AtLimit.REFUSE)
    may_repeat = models.ManyToManyField(Tool, blank=True, related_name="+")
    """Tools that are called again and again by their nature, such as one that asks whether a job is done."""
    counts_reads = models.BooleanField(default=False, db_default=False)
    """Whether calls of read-only tools are counted for that, too: asking again and again is what many do by nature."""
    stops_failing = models.BooleanField(default=True)
    """Whether calls of a tool pause when nearly all of its last calls failed at the server."""

    def __str__(self) -> str:
        return f"{self.repeats} in {self.seconds} seconds"
