"""Opens a profile to an AI client on a trusted issuer's word: nobody is asked, so each yes of before is looked at.

A profile's riskier tools that came after the issuer's first grant there stay closed until somebody with the power says
yes; a person's own answer to the same client still holds, and is never widened.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from audit.actor import SYSTEM, Label
from audit.record import record
from connectors.access.scopes import SCOPES, in_order, scope_of
from connectors.access.usable import offered_tools
from connectors.models import Profile
from harriet.lib.ids import new_id
from harriet.lib.secret import Secret
from harriet.people.actors import person_label
from harriet.people.models import Membership
from harriet.people.tokens import new_token
from harriet.signin.actions.connect_app import Consent, connect, live_app
from harriet.signin.actions.issue_tokens import Pair, issue_tokens
from harriet.signin.actions.tell_of_waiting_profile import tell_of_waiting_profile
from harriet.signin.events import AppGiven
from harriet.signin.models import Application, ConnectedApp, IssuedToken, TrustedIssuer, TrustedProfile, UsedAssertion
from harriet.signin.protocol.id_jag import SKEW, refused
from harriet.signin.protocol.problems import OAuthProblem


class Asserted(NamedTuple):
    """What an assertion says, proved and within its bounds; only whether it was used before is open."""

    issuer: TrustedIssuer
    application: Application
    scopes: frozenset[str]
    """As the assertion and the request have them, both."""
    jti: str
    expires: datetime


class Given(NamedTuple):
    token: Secret
    issued: IssuedToken
    scopes: str


def take_assertion(membership: Membership, profile: Profile, said: Asserted, *, now: datetime) -> Given | None:
    """Within a transaction in which the membership is held. None when nothing is left that somebody has said yes to:
    what waits is kept. Raises OAuthProblem, and then nothing was used up."""
    with transaction.atomic():
        hold_issuer(said.issuer)
        use_once(said.issuer, said.jti, said.expires)
        allowed = _allowed(membership, profile, said)
        if not allowed:
            return None
        app = _opened(membership, profile, said, allowed)
        scopes = allowed if app.given_by_id is not None else in_order(set(allowed.split()) & set(app.scopes.split()))
        if not scopes:
            raise OAuthProblem("invalid_scope", "The person allowed this client none of what the assertion names.")
        TrustedIssuer.objects.filter(pk=said.issuer.pk).update(last_used_at=now)
        return _issued(app, profile, scopes, now)


def profile_scopes(membership: Membership, profile: Profile) -> set[str]:
    """Of all tools that the profile offers to anybody."""
    contained = Q(connector__in=profile.connectors.values("pk")) | Q(pk__in=profile.tools.values("pk"))
    offered = offered_tools(membership).filter(contained).order_by()
    kinds = offered.values_list("kind", "risk_override", "risk_proposed").distinct()
    return {scope_of(kind, decided or proposed) for kind, decided, proposed in kinds}


def hold_issuer(issuer: TrustedIssuer) -> None:
    """What ends or narrows the trust comes before or after, never between."""
    held = TrustedIssuer.objects.select_for_update(no_key=True).filter(pk=issuer.pk, changed_at=issuer.changed_at)
    if held.first() is None:
        raise refused("What is trusted of the issuer has just changed. Try again.")


def use_once(issuer: TrustedIssuer, jti: str, expires: datetime) -> None:
    """Raises OAuthProblem."""
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(
                organization_id=issuer.organization_id,
                issuer=issuer.issuer,
                jti_hash=hashlib.sha256(jti.encode("utf-8", "surrogatepass")).digest(),
                expires_at=expires + 2 * SKEW,
            )
    except IntegrityError:
        raise refused("The assertion was used before (jti). Each one is used once.") from None


def _allowed(membership: Membership, profile: Profile, said: Asserted) -> str:
    """What the issuer may give, was named, is there, and was there at its first grant or was approved since."""
    ceiling = set(said.issuer.scopes.split()) & profile_scopes(membership, profile)
    there = said.scopes & ceiling
    if not there:
        raise OAuthProblem("invalid_scope", f"The profile gives none of this. The scopes here are {', '.join(SCOPES)}.")
    pinned, _ = TrustedProfile.objects.select_for_update().get_or_create(
        issuer=said.issuer, profile_id=profile.pk, defaults={"scopes": in_order(ceiling)}
    )
    agreed = set(pinned.scopes.split())
    wanted = in_order((set(pinned.wanted.split()) | there) - agreed)
    if wanted != pinned.wanted:
        pinned.wanted = wanted
        pinned.save(update_fields=["wanted"])
        tell_of_waiting_profile(pinned, said.issuer, profile)
    return in_order(there & agreed)


def _opened(membership: Membership, profile: Profile, said: Asserted, allowed: str) -> ConnectedApp:
    consent = Consent(said.application, profile, allowed, "", given_by=said.issuer)
    before = live_app(membership, consent).first()
    if before is not None and before.given_by_id is None:
        return before
    app = connect(membership, consent)
    if before is None or before.scopes != allowed or before.given_by_id != said.issuer.pk:
        record(_told(app, profile, said), organization_id=membership.organization_id, actor=SYSTEM)
    return app


def _told(app: ConnectedApp, profile: Profile, said: Asserted) -> AppGiven:
    return AppGiven(
        person=person_label(app.user),
        client=app.device.name,
        profile=Label(profile.pk, profile.name),
        client_id=said.application.client_id,
        issuer=said.issuer.name,
        scopes=app.scopes,
    )


def _issued(app: ConnectedApp, profile: Profile, scopes: str, now: datetime) -> Given:
    """A row whose token has run out is used again, so that a client that comes each hour leaves one."""
    new = new_token("oauth").secret
    pair = Pair(new.reveal(), None, scopes, scopes, profile.url, new_id())
    old = IssuedToken.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        connected_app=app, refresh_token=None, expires__lte=Now(), gateway_token__revoked_at=None
    )
    issued = issue_tokens(app, pair, now=now, before=old.exclude(gateway_token=None).first())
    return Given(new, issued, scopes)
