"""A person allows an AI client to use one profile in their name: from now on the log knows the two as a device."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.actor import Actor, Label
from audit.record import record
from connectors.access.scopes import SCOPES
from connectors.models import Profile
from harriet.people.actions.issue_device_credential import active_membership
from harriet.people.actors import person_label
from harriet.people.models import Device, Membership
from harriet.signin.actions.end_connected_app import end_apps
from harriet.signin.events import AppConnected, AppRefused
from harriet.signin.models import Application, ConnectedApp, TrustedIssuer
from harriet.signin.protocol import redirects

LASTS = timedelta(days=180)
"""Until the person is asked again."""
_LONGEST_NAME = 80


class Consent(NamedTuple):
    """What a person says yes to."""

    application: Application
    profile: Profile
    scopes: str
    redirect_uri: str
    """Empty where a code was typed in."""
    given_by: TrustedIssuer | None = None
    """Set where nobody was asked: an issuer that the organization trusts said so."""


def connect_app(membership: Membership, consent: Consent, *, actor: Actor) -> ConnectedApp:
    """Remembers the yes. The caller checks that the profile is the person's. Raises PeopleError for somebody whose
    membership has just ended."""
    with transaction.atomic():
        app = connect(membership, consent)
        record(_said_yes(app, consent), organization_id=membership.organization_id, actor=actor)
    return app


def connect(membership: Membership, consent: Consent) -> ConnectedApp:
    """Within the caller's transaction, which tells of it. Raises PeopleError as `connect_app` does."""
    active_membership(membership.organization, membership.user)
    app = _renewed(membership, consent) or _connected(membership, consent)
    app.refresh_from_db()
    _note_use(consent.application, membership)
    return app


def refuse_app(membership: Membership, consent: Consent, *, actor: Actor) -> None:
    """Only notes it: a client that nobody allowed can do nothing."""
    refused = AppRefused(
        person=person_label(membership.user),
        client=consent.application.name or consent.application.client_id,
        profile=Label(consent.profile.pk, consent.profile.name),
        client_id=consent.application.client_id,
    )
    with transaction.atomic():
        record(refused, organization_id=membership.organization_id, actor=actor)


def remembered(membership: Membership, consent: Consent) -> ConnectedApp | None:
    """The yes that the person gave before to just this, or to more."""
    asked = live_app(membership, consent).filter(given_by=None)
    app = asked.filter(redirect_uri=redirects.kept_as(consent.redirect_uri)).first()
    return app if app is not None and set(consent.scopes.split()) <= set(app.scopes.split()) else None


def live_app(membership: Membership, consent: Consent) -> QuerySet[ConnectedApp]:
    return ConnectedApp.objects.select_related("application", "device", "user").filter(
        organization=membership.organization_id,
        user=membership.user_id,
        application=consent.application,
        profile_id=consent.profile.pk,
        ended_at=None,
        expires_at__gt=Now(),
        device__revoked_at=None,
    )


def _renewed(membership: Membership, consent: Consent) -> ConnectedApp | None:
    app: ConnectedApp | None = live_app(membership, consent).select_for_update(of=("self",)).first()
    if app is not None:
        ConnectedApp.objects.filter(pk=app.pk).update(**_terms(consent))
    return app


def _connected(membership: Membership, consent: Consent) -> ConnectedApp:
    before = ConnectedApp.objects.filter(
        user=membership.user_id, application=consent.application, profile_id=consent.profile.pk
    )
    end_apps(before, "connected_anew")
    device = Device.objects.create(
        organization=membership.organization, user=membership.user, name=_free_name(membership, consent), kind="app"
    )
    return ConnectedApp.objects.create(
        organization=membership.organization,
        user=membership.user,
        application=consent.application,
        device=device,
        profile_id=consent.profile.pk,
        **_terms(consent),
    )


def _terms(consent: Consent) -> dict[str, object]:
    return {
        "scopes": consent.scopes,
        "redirect_uri": redirects.kept_as(consent.redirect_uri),
        "given_by": consent.given_by,
        "consented_at": Now(),
        "expires_at": Now() + LASTS,
    }


def _free_name(membership: Membership, consent: Consent) -> str:
    """As the log and the list of devices call it: the client's own name, with a number when there is one already."""
    name = (consent.application.name or "AI client")[: _LONGEST_NAME - 5].strip()
    taken = set(
        Device.objects.filter(
            organization=membership.organization_id, user=membership.user_id, name__startswith=name, revoked_at=None
        ).values_list("name", flat=True)
    )
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def _note_use(application: Application, membership: Membership) -> None:
    """A client that somebody allowed is kept, and is known by the first person who did."""
    Application.objects.filter(pk=application.pk).update(last_used_at=Now(), expires_at=None)
    Application.objects.filter(pk=application.pk, first_user=None).update(first_user=membership.user_id)


def _said_yes(app: ConnectedApp, consent: Consent) -> AppConnected:
    return AppConnected(
        person=person_label(app.user),
        client=app.device.name,
        profile=Label(consent.profile.pk, consent.profile.name),
        client_id=consent.application.client_id,
        source=consent.application.registration_source,
        answers_to=redirects.place_of(consent.redirect_uri) if consent.redirect_uri else "the client, which asked",
        scopes=" ".join(scope for scope in SCOPES if scope in consent.scopes.split()),
        until=f"{app.expires_at:%Y-%m-%d}",
    )
