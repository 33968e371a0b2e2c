"""What a sync had to say about single things that a server lists, put together for people."""

from __future__ import annotations

from typing import NamedTuple

from connectors.models import SyncRun


class RemarkList(NamedTuple):
    title: str
    sentences: list[str]
    more: int
    """Beyond the sentences."""


def remarks_of(run: SyncRun | None, most: int) -> list[RemarkList]:
    """What a sync left out, mended, or can't check, the first `most` of each."""
    if run is None:
        return []
    found = (
        ("Left out", run.refused, run.all_refused),
        ("Not valid MCP, and mended where the server's meaning was clear", run.mended, run.mended_count),
        ("Taken as it is, though not all of its schemas can be checked", run.unchecked, run.unchecked_count),
    )
    return [
        RemarkList(title, sentences[:most], count - len(sentences[:most])) for title, sentences, count in found if count
    ]
