"""Tell who looks after a connector of what is wrong with its server, and when it works again: each trouble once.

A server that comes and goes is one trouble until it has worked for ten minutes. Its people hear that it is down and
that it works again, once each; and again only when it stays down.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Least, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from connectors.models import TROUBLES, Connector
from connectors.way_back import way_back
from harriet.people.actions.settle_matter import settle_matters, tell_end_of_matter
from harriet.people.actions.tell_people import tell_people_again
from harriet.people.models import Notice
from harriet.people.notifications.keys import about_connector
from harriet.people.notifications.kinds import CREDENTIAL_REFUSED, SERVER, Kind, Matter
from harriet.people.notifications.recipients import who_look_after
from harriet.people.version import move_version

DOWN_FOR = timedelta(minutes=3)
"""Before anybody is told: servers restart."""
AGAIN_AFTER = timedelta(minutes=15)
"""That a server is down once more, before the same trouble is told again."""
OVER_AFTER = timedelta(minutes=10)
"""That a server has worked, before what comes next counts as another trouble."""
OUTAGES_AT_ONCE = 500

_KINDS: dict[str, Kind] = {Connector.Health.DOWN: SERVER, Connector.Health.NEEDS_ADMIN: CREDENTIAL_REFUSED}


def tell_of_outages() -> int:
    """Of the servers that have been down for some minutes and that nobody was told of; returns how many."""
    since = Least("trouble_since", "health_changed_at")
    untold = Connector.objects.filter(Q(health__in=TROUBLES), trouble_told_at=None, state=Connector.State.ACTIVE)
    late = untold.annotate(since=since).filter(since__lte=Now() - DOWN_FOR).order_by("since")
    return sum(tell_of_outage(connector) for connector in late.select_related("owner")[:OUTAGES_AT_ONCE])


@transaction.atomic
def tell_of_outage(connector: Connector) -> bool:
    """False when it was told already, by whichever process, when it is too soon to tell the same trouble again, or when
    there is nobody to tell."""
    matter = _matter_of(connector, _KINDS[connector.health])
    told_before = Notice.objects.filter(organization=connector.organization_id, key=matter.key).exists()
    mine = Connector.objects.filter(pk=connector.pk, health=connector.health, trouble_told_at=None)
    if told_before:
        mine = mine.filter(health_changed_at__lte=Now() - AGAIN_AFTER)
    hear = who_look_after(connector.organization_id, connector.owner_id)
    if not hear or not mine.update(trouble_told_at=Now()):
        return False
    tell_people_again(matter, hear)
    move_version(connector.organization_id)  # from now on clients hear that it was told
    return True


def tell_end_of_outage(before: Connector, health: str, until: datetime) -> None:
    """`before` is as it was until now, `health` what it is from now on. Only who heard of the beginning hears of the
    end; and a server that went down, or has a new secret, was not seen to take the organization's credential."""
    if before.health == Connector.Health.DOWN:
        tell_end_of_matter(_matter_of(before, SERVER)._replace(text=_end_of_down(before, until)))
    if health == Connector.Health.UP:
        works = f"{before.name} works again: its server takes the organization's credential."
        tell_end_of_matter(_matter_of(before, CREDENTIAL_REFUSED)._replace(text=works))


def settle_outages(connector: Connector) -> None:
    """Nobody waits for its server any more: it was paused, or is somewhere else. What comes next is another trouble."""
    Connector.objects.filter(pk=connector.pk).update(trouble_told_at=None, trouble_since=None)
    for kind in _KINDS.values():
        settle_matters(connector.organization_id, _key(kind, connector))


def _matter_of(connector: Connector, kind: Kind) -> Matter:
    key = f"{_key(kind, connector)}{connector.troubles}"
    if kind is SERVER:
        text = (
            f"{connector.name} has been down since {_moment(connector.health_changed_at)}, and calls to it fail. "
            f"{connector.health_reason}"
        )
        return Matter(kind, connector.organization_id, key, text, reverse("connectors:detail", args=[connector.pk]))
    back = way_back(connector, timezone.now()) or "Rotate it, then test the connection."
    text = f"{connector.name} refuses the organization's credential. {back}"
    return Matter(kind, connector.organization_id, key, text, reverse("connectors:authentication", args=[connector.pk]))


def _end_of_down(connector: Connector, until: datetime) -> str:
    began, broken_off = connector.health_changed_at, ""
    if connector.trouble_since and began and connector.trouble_since < began:
        began, broken_off = connector.trouble_since, ", with interruptions,"
    return f"{connector.name} answers again. It was down{broken_off} from {_moment(began)} to {_moment(until)}."


def _key(kind: Kind, connector: Connector) -> str:
    return f"{about_connector(connector.pk)}{kind.code} "


def _moment(at: datetime | None) -> str:
    return f"{date_format(at, 'j F, H:i')} UTC" if at else "an unknown time"
