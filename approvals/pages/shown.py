"""What a page has shown of a held call, so that a yes said on it is for nothing else."""

from __future__ import annotations

from approvals.models import PendingAction

_LENGTH = 32
"""Hexadecimal digits: 128 bits."""


def shown_as(action: PendingAction) -> str:
    """Another one as soon as anything differs that the approval is bound to."""
    return f"{action.pk.hex}{action.agreed.hex()[:_LENGTH]}"
