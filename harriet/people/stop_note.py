"""A template tag for the page of a connector, person, agent or client: that it is stopped in an emergency, or the way
to the switch."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string

from harriet.people.standing_stops import stop_on
from harriet.people.stop_powers import may_switch

register = template.Library()


@register.simple_tag(takes_context=True)
def stop_note(context: Context, kind: str, subject: Any, picked: Any = "") -> str:
    """`picked`: the id by which the switch's form knows it, where that is another than the stop's."""
    request = context["request"]
    membership = getattr(request, "membership", None)
    if membership is None:
        return ""
    note = {
        "stop": stop_on(membership.organization_id, kind, str(subject)),
        "may_stop": may_switch(membership, kind),
        "kind": kind,
        "picked": picked or subject,
    }
    return render_to_string("stops/note.html", note)
