"""The wizard's steps, and how a draft remembers how far it came."""

from __future__ import annotations

from connectors.models import Connector

BASICS, CONNECTION, AUTHENTICATION, ACCESS, SAVE, DONE = (
    "basics",
    "connection",
    "authentication",
    "access",
    "save",
    "done",
)
STEPS = ((BASICS, "Basics"), (CONNECTION, "Connection"), (AUTHENTICATION, "Authentication"), (ACCESS, "Access"))
_ORDER = [BASICS, CONNECTION, AUTHENTICATION, ACCESS, SAVE, DONE]


def step_label(step: str) -> str:
    return dict(STEPS).get(step, step)


def is_reached(connector: Connector, step: str) -> bool:
    return _ORDER.index(step) <= _ORDER.index(connector.wizard_step)


def step_done(connector: Connector, step: str, *, then: str) -> None:
    """Moves a draft on; going back to mend an earlier step does not lose the later ones."""
    if connector.state == Connector.State.DRAFT and connector.wizard_step == step:
        connector.wizard_step = then
        connector.save(update_fields=["wizard_step"])
