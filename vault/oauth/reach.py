"""What the endpoints of an authorization server may be: public, or inside where the organization says so."""

from __future__ import annotations

from django.conf import settings

from harriet.lib.egress import Reach
from harriet.people.models import Organization


def reach_of_issuer(organization: Organization, *, allow_internal: bool) -> Reach:
    return Reach(
        allow_internal=allow_internal,
        internal_hosts=tuple(organization.internal_hosts),
        local_hosts=settings.ALLOWED_LOCAL_HOSTS,
    )
