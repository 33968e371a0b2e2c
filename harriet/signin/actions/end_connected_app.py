"""Ends what a person allowed a client: every token of it opens nothing any more, anywhere, within a second."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from audit.actor import Actor, Label
from audit.record import record
from connectors.models import Profile
from harriet.people.actors import person_label
from harriet.people.endings import DeviceEnding, Ending
from harriet.people.holders import demand_own, is_own
from harriet.people.models import AccessToken, Device
from harriet.people.version import move_version
from harriet.signin.events import ConnectedAppEnded
from harriet.signin.models import AuthorizationCode, ConnectedApp, DeviceCode, IssuedToken, RefreshToken
from harriet.signin.step_words import trouble_of
from harriet.signin.steps import note_step


def end_connected_app(app: ConnectedApp, *, actor: Actor) -> None:
    """By its person, or by who manages tokens. Ended twice, it is told once. Raises NotAllowed."""
    demand_own(actor, app.organization, app.user)
    because = "ended_by_person" if is_own(actor, app.organization, app.user) else "ended_by_admin"
    with transaction.atomic():
        if not end_apps(ConnectedApp.objects.filter(pk=app.pk), because):
            return
        move_version(app.organization_id)
        record(
            ConnectedAppEnded(
                person=person_label(app.user), profile=_profile_label(app.profile_id), app=str(app.application)
            ),
            organization_id=app.organization_id,
            actor=actor,
        )


def end_apps_of_device(ending: DeviceEnding) -> None:
    """Docks in `harriet.people.endings.DEVICES`: who looks at devices sees a connected app as one. The event of the
    device tells it."""
    app = ConnectedApp.objects.filter(device=ending.device_id).select_related("organization", "user").first()
    if app is not None:
        because = "ended_by_person" if is_own(ending.actor, app.organization, app.user) else "ended_by_admin"
        end_apps(ConnectedApp.objects.filter(pk=app.pk), because)


def end_apps_of_person(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`. The event of their leaving tells it."""
    end_apps(ConnectedApp.objects.filter(organization=ending.organization_id, user=ending.user_id), "access_ended")


def end_apps(apps: QuerySet[ConnectedApp], because: str) -> list[ConnectedApp]:
    """Within the caller's transaction, which tells it and moves the organization's version. `because`: the code of a
    problem, as in `step_words`.

    The rows are locked, so that of two who end the same one tells it. A token that is issued at this very moment opens
    nothing: its device is revoked.
    """
    ended = list(
        apps.filter(ended_at=None)
        .select_for_update(of=("self",))
        .select_related("application", "user", "organization")
        .order_by("pk")
    )
    keys, devices = [app.pk for app in ended], [app.device_id for app in ended]
    ConnectedApp.objects.filter(pk__in=keys).update(ended_at=Now(), ended_because=trouble_of(because).words)
    Device.objects.filter(pk__in=devices, revoked_at=None).update(revoked_at=Now())
    AccessToken.objects.filter(device__in=devices, revoked_at=None).update(revoked_at=Now())
    RefreshToken.objects.filter(connected_app__in=keys, revoked=None).update(revoked=Now())
    RefreshToken.objects.filter(connected_app__in=keys).update(sealed_answer=None)
    for model in (AuthorizationCode, IssuedToken, DeviceCode):
        model.objects.filter(connected_app__in=keys).delete()
    for app in ended:
        _note(app, because)
    return ended


def _profile_label(profile_id: UUID) -> Label | None:
    """Nothing of a profile that was deleted."""
    name = Profile.objects.filter(pk=profile_id).values_list("name", flat=True).first()
    return Label(profile_id, name) if name else None


def _note(app: ConnectedApp, because: str) -> None:
    note_step(
        app.organization_id,
        "ended",
        user_id=app.user_id,
        application=app.application,
        profile_id=app.profile_id,
        problem=because,
    )
