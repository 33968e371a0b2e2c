"""Tell owners and IT admins what nobody active looks after any more. No audit event: the end of the access has one."""

from __future__ import annotations

from connectors.ownerless import owned_things
from harriet.lib.ids import new_id
from harriet.lib.sentences import some_of
from harriet.people.actions.tell_people import tell_people
from harriet.people.endings import Ending
from harriet.people.notifications.kinds import HANDED_OVER, Matter
from harriet.people.notifications.recipients import who_look_after

HAND_OVER = "/settings/hand-over/"
"""A page of the console, some floors above."""


def tell_of_ownerless(ending: Ending) -> None:
    """Docks in `harriet.people.endings.ACCESS`."""
    if ending.user_id is None:
        return
    owned = owned_things(ending.organization_id, ending.user_id)
    names = list(dict.fromkeys([*(one.name for one in owned.connectors), *(one.name for one in owned.credentials)]))
    if not names:
        return
    some = some_of([name[:40] for name in names], 3)
    text = f"{ending.why} Nobody active looks after {some}: hand them over to somebody."
    matter = Matter(HANDED_OVER, ending.organization_id, f"ownerless {new_id()}", text, HAND_OVER)
    tell_people(matter, who_look_after(ending.organization_id, None))
