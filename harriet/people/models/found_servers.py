"""MCP servers that people's machines have beside Harriet, as they report them: names and addresses, never values."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from harriet.lib.ids import new_id
from harriet.people.models.devices import Device
from harriet.people.models.organizations import Group, Organization
from harriet.people.models.users import User


class FoundServer(models.Model):
    """One server, however many devices have it."""

    class Kind(models.TextChoices):
        ADDRESS = "url", "Address"
        PROGRAM = "command", "Program"

    class Decision(models.TextChoices):
        OPEN = "open", "Not decided"
        DENIED = "denied", "Denied"
        PROMOTED = "promoted", "Being made a connector"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="found_servers")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    target = models.CharField(max_length=500)
    """Its address without query and user, or the words of its command line without those that look like a secret."""
    words = models.JSONField(default=list, blank=True)
    """Of a program: its command line word by word, as control files name it."""
    is_whole = models.BooleanField(default=True)
    """Nothing was left out of the command line: otherwise no control file can name it exactly."""
    fingerprint = models.BinaryField(max_length=32)
    """The SHA-256 of kind and target: by this it is the same one on another device."""
    name = models.CharField(max_length=80)
    """As the device that reported it first calls it."""
    decision = models.CharField(max_length=8, choices=Decision.choices, default=Decision.OPEN)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "fingerprint"], name="found_server_once")]
        indexes = [
            models.Index(fields=["organization", "-first_seen_at"], name="found_server_newest"),
            models.Index(fields=["organization", "-last_seen_at"], name="found_server_seen"),
        ]

    def __str__(self) -> str:
        return self.name


class ServerSighting(models.Model):
    """A found server in one client of one device, as the device's last report says."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    server = models.ForeignKey(FoundServer, on_delete=models.CASCADE, related_name="sightings")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="sightings")
    client = models.CharField(max_length=40)
    """Where it is configured, as the script calls the client."""
    name = models.CharField(max_length=80)
    """What it is called there."""
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "client", "name", "server"], name="server_sighting_once")
        ]
        indexes = [models.Index(fields=["organization", "-seen_at"], name="server_sighting_newest")]

    def __str__(self) -> str:
        return f"{self.name} in {self.client}"


class PublishedControlFiles(models.Model):
    """That the control files of a group can be read at an address, by whoever has it. Its id is in that address: when
    it is withdrawn and published again, the address is another one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="published_control_files")
    published_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["organization", "-created_at"], name="control_files_newest")]

    def __str__(self) -> str:
        return f"Control files of {self.group}"
