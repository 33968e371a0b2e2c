"""Which trusted issuer an assertion is judged by: what it says of itself, and for what the organization trusts it.

That it is true is shown by this one's keys, and by no other's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from harriet.people.models import Organization
from harriet.signin.models import TrustedIssuer
from harriet.signin.protocol.id_jag import TYPE, Unproved, refused

_MOST_ISSUERS = 50


class Trusted(NamedTuple):
    """A type of assertion. Each is trusted by itself."""

    field: str
    otherwise: str


PEOPLE = Trusted("accepts_id_jag", "The organization does not trust this issuer for assertions about people (ID-JAG).")
WORKLOADS = Trusted(
    "accepts_workloads",
    "The organization does not trust this issuer for workloads (typ JWT or none). The typ of an assertion about a "
    f"person is {TYPE}.",
)


def trusted_issuer(organization: Organization, unproved: Unproved, wanted: Trusted) -> TrustedIssuer:
    """Raises OAuthProblem."""
    rows = TrustedIssuer.objects.filter(organization=organization, issuer=unproved.issuer)
    known = list(rows.select_related("organization").order_by("pk")[:_MOST_ISSUERS])
    if not known:
        raise refused(f"The organization does not trust this issuer (iss). {wanted.otherwise}")
    of_tenant = [one for one in known if _is_tenant(one, unproved.claims)]
    if not of_tenant:
        raise refused("The organization trusts this issuer for another tenant only.")
    found = next((one for one in of_tenant if getattr(one, wanted.field)), None)
    if found is None:
        raise refused(wanted.otherwise)
    return found


def _is_tenant(issuer: TrustedIssuer, claims: Mapping[str, Any]) -> bool:
    return not issuer.tenant_claim or claims.get(issuer.tenant_claim) == issuer.tenant_value
