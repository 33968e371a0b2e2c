"""How keys of matters begin, so that all that was told of one thing is found when the thing is gone."""

from __future__ import annotations

from uuid import UUID


def about_connector(connector_id: UUID) -> str:
    """Of whatever happens at a connector, also in the floors above it."""
    return f"connector {connector_id} "


def about_profile(profile_id: UUID) -> str:
    return f"profile {profile_id} "
