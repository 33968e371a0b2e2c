"""Which risk class a tool probably has: proposed from its annotations, which nobody vouches for, and its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.models import Risk, Tool


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DANGEROUS = _words(
    """
    delete destroy drop erase purge remove wipe truncate kill terminate revoke reset overwrite exec execute eval
    shell sudo pay payment refund transfer wire deploy publish format shutdown uninstall ban
    """
)
_CHANGING = _words(
    """
    add append archive assign book cancel change close comment commit copy create draft edit enable disable
    forward import insert invite make mark merge modify move open patch post push put register rename reply reopen
    replace save schedule send set share start stop submit subscribe tag trigger update upload upsert write
    """
)
_READING = _words(
    """
    browse calculate check compare count describe diff download echo explain export fetch find get head inspect
    list load lookup ping preview query read resolve retrieve search select show stat status summarize validate
    view whoami
    """
)
_OPAQUE = _words("apply call code command do invoke perform process run script sql")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


class Proposal(NamedTuple):
    risk: Risk
    reason: str


_FROM_LOW_TO_HIGH = (Risk.READ_ONLY, Risk.MODERATE, Risk.UNKNOWN, Risk.DANGEROUS)


def is_lower(risk: str, than: str) -> bool:
    """Whether calls of the one wait less than those of the other."""
    return _FROM_LOW_TO_HIGH.index(Risk(risk)) < _FROM_LOW_TO_HIGH.index(Risk(than))


ONLY_READS = Proposal(Risk.READ_ONLY, "Prompts and resources are only read; they change nothing at the server.")


def propose_risk(definition: Mapping[str, Any], kind: str = Tool.Kind.TOOL) -> Proposal:
    """The stricter of what its name and its annotations say: a server that calls `delete_all` read-only is not
    believed, and one that calls `frobnicate` read-only isn't either, as nothing but its own word speaks for it."""
    if kind != Tool.Kind.TOOL:
        return ONLY_READS
    by_name = _from_name(str(definition.get("name", "")))
    annotations = definition.get("annotations")
    said = _from_annotations(annotations if isinstance(annotations, dict) else {})
    if said is None:
        return by_name
    if is_lower(said.risk, by_name.risk):
        return Proposal(by_name.risk, f"{said.reason}, but {by_name.reason[0].lower()}{by_name.reason[1:]}")
    return said._replace(reason=f"{said.reason}.")


def _from_annotations(annotations: Mapping[str, Any]) -> Proposal | None:
    """Of hints that contradict each other the stricter one counts."""
    only_reads, destroys = annotations.get("readOnlyHint") is True, annotations.get("destructiveHint")
    if only_reads and destroys is True:
        return Proposal(Risk.DANGEROUS, "The server says both that it only reads and that it may destroy something")
    if only_reads:
        return Proposal(Risk.READ_ONLY, "The server says that it only reads")
    if destroys is True:
        return Proposal(Risk.DANGEROUS, "The server says that it may destroy something")
    if destroys is False:
        return Proposal(Risk.MODERATE, "The server says that it changes things without destroying any")
    return None


def _from_name(name: str) -> Proposal:
    words = [word.lower() for word in _WORD.findall(name)]
    for known, risk, meaning in (
        (_DANGEROUS, Risk.DANGEROUS, "which may not be undone"),
        (_CHANGING, Risk.MODERATE, "which changes something"),
        (_OPAQUE, Risk.UNKNOWN, "which may do anything"),
        (_READING, Risk.READ_ONLY, "which only reads"),
    ):
        word = next((word for word in words if word in known), None)
        if word:
            return Proposal(risk, f"Its name says “{word}”, {meaning}.")
    return Proposal(Risk.UNKNOWN, "Neither its annotations nor its name say what it does.")
