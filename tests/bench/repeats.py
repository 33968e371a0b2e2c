"""Measuring makes the same call again and again, which is stopped in a company that doesn't except the tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.actions.set_breakers import set_breakers
from connectors.models import AtLimit, Tool

if TYPE_CHECKING:  # models can't be imported before Django is set up
    from tests.stage.office import Office


def as_often_as_it_likes(office: Office) -> None:
    """Repeats are looked for all the same, so that what that costs is measured."""
    set_breakers(
        office.cast.acme,
        repeats=30,
        seconds=60,
        at_limit=AtLimit.REFUSE,
        may_repeat=list(Tool.objects.filter(organization=office.cast.acme)),
        stops_failing=True,
        actor=office.cast.actor(office.cast.alice),
    )
