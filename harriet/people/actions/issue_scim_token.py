"""Issues the token with which the organization's directory makes people and groups known over SCIM."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least, Now

from audit.actor import Actor
from audit.record import record
from harriet.people.actions.issue_device_credential import IssuedToken, insert_token
from harriet.people.actions.settle_matter import settle_matters
from harriet.people.errors import PeopleError
from harriet.people.events import ScimTokenIssued
from harriet.people.models import AccessToken, Organization
from harriet.people.names import clean_name
from harriet.people.permissions import demand
from harriet.people.roles import Power

LONGEST_OVERLAP = 30


def issue_scim_token(
    organization: Organization, name: str, expires_in_days: int, overlap_days: int = 7, *, actor: Actor
) -> IssuedToken:
    """Owners alone: whoever holds it may deactivate owners, too. The tokens before it go on for `overlap_days`, so that
    the directory can be given the new one in between. Raises NotAllowed or PeopleError."""
    demand(actor, organization, Power.MANAGE_ORGANIZATION)
    name = clean_name(name, longest=80)
    if not 0 <= overlap_days <= LONGEST_OVERLAP:
        raise PeopleError(f"Earlier tokens go on for 0 to {LONGEST_OVERLAP} days.", field="overlap_days")
    with transaction.atomic():
        ends = Least(F("expires_at"), Now() + timedelta(days=overlap_days))
        earlier = AccessToken.objects.filter(
            organization=organization, kind=AccessToken.Kind.SCIM, revoked_at=None, expires_at__gt=Now()
        ).update(expires_at=ends)
        issued = insert_token(
            organization, AccessToken.Kind.SCIM, name=name, expires_in_days=expires_in_days, actor=actor
        )
        settle_matters(organization.pk, "scim token ")
        record(
            ScimTokenIssued(token=name, earlier=earlier, overlap_days=overlap_days),
            organization_id=organization.pk,
            actor=actor,
        )
    return issued
