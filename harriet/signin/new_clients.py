"""Whether a client that was never seen here may be used at once: what was decided about its like holds for it."""

from __future__ import annotations

from harriet.people.models import Organization
from harriet.signin.models import Application


def decide_standing(application: Application, organization: Organization) -> None:
    """For a client that has just been made, in its transaction. Some register again and again: an admin who blocked or
    allowed one of them has decided about them all."""
    application.refresh_from_db(fields=["group_key"])
    same = Application.objects.filter(organization=organization, group_key=application.group_key)
    known = same.exclude(pk=application.pk).order_by("-created", "-pk").first()
    if known is not None:
        application.standing = known.standing
        application.decided_by_id, application.decided_at = known.decided_by_id, known.decided_at
    elif organization.new_clients == Organization.NewClients.WAITING:
        application.standing = Application.Standing.WAITING
    application.save(update_fields=["standing", "decided_by", "decided_at"])
