"""Ask a server what it offers and compare it with what was accepted: new is disabled, changed is quarantined."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from audit.actor import Actor
from audit.context import one_request
from audit.record import record
from connectors.actions.note_addresses import note_addresses
from connectors.actions.note_definition import look_first, note_definition
from connectors.actions.pin_offer import add_resources, add_tools, quarantine_tools, remove_tools, restore_tools
from connectors.actions.record_health import record_failure, record_health
from connectors.actions.settle_quarantine import settle_quarantine
from connectors.actions.tell_of_quarantine import in_quarantine, tell_of_quarantine
from connectors.audit_labels import connector_label, name_with_kind
from connectors.counts import offer_words
from connectors.definitions.diff import Difference, Known, compare
from connectors.definitions.offer import Offer, body_digest, read_offer
from connectors.definitions.unchecked import notes_of
from connectors.errors import ConnectorError
from connectors.events import ConnectorSynced, ConnectorSyncFailed
from connectors.inspect.look import Look, look_at
from connectors.models import Connector, SyncRun, Tool
from harriet.lib.errors import Problem
from harriet.people.permissions import demand
from harriet.people.roles import Power
from harriet.people.version import move_version

LONGEST_CAPABILITIES = 16_384
"""Characters of JSON; a server that says more of itself is taken to have tools."""
MOST_SENTENCES = 100


def sync_connector(connector: Connector, *, actor: Actor) -> SyncRun:
    """Never raises for what a server does: the run says what went wrong in `error`."""
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    run = SyncRun.objects.create(connector=connector)
    with one_request():
        try:
            look = look_at(connector)
        except Problem as problem:
            return _failed(run, problem, actor=actor)
        return take_offer(run, look, actor=actor)


@transaction.atomic
def take_offer(run: SyncRun, look: Look, *, actor: Actor) -> SyncRun:
    """Compares and writes, one sync of a connector at a time."""
    connector = (
        Connector.objects.select_for_update(no_key=True, of=("self",))
        .select_related("organization", "owner")
        .get(pk=run.connector_id)
    )
    if connector.url != run.connector.url:
        moved = ConnectorError("Its address was changed while the server was asked. Sync again.")
        return _failed(run, moved, actor=actor)
    _hold_tools(connector)
    look_first(connector)
    told = connector.instructions
    _remember(connector, look)
    waiting = in_quarantine(connector)
    run.refused, run.mended = list(look.remarks.left_out), list(look.remarks.mended)
    _take(run, connector, Tool.Kind.TOOL, read_offer(look.tools), actor=actor)
    if look.prompts is None:
        run.refused.append(f"Its prompts were left as they are. {look.problem}")
    else:
        _take(run, connector, Tool.Kind.PROMPT, read_offer(look.prompts, is_prompts=True), actor=actor)
    _take_resources(run, connector, actor=actor)
    run.refused += _addresses_of_others(run, connector, look)
    _finish(run)
    record(
        ConnectorSynced(
            connector=connector_label(connector),
            summary=summary_of(run),
            refused=run.refused[:20],
            mended=run.mended[:20],
        ),
        organization_id=connector.organization_id,
        actor=actor,
    )
    record_health(connector, Connector.Health.UP, "")
    if run.added or run.restored or run.removed or connector.instructions != told:
        note_definition(connector, by=None, actor=actor)
    settle_quarantine(connector)
    tell_of_quarantine(connector, waiting, actor)
    move_version(connector.organization_id)
    return run


def _hold_tools(connector: Connector) -> None:
    """All of them, in the order in which changes of many at once hold theirs: none waits for one that waits for it."""
    mine = Tool.objects.select_for_update(no_key=True).filter(connector=connector).order_by("pk")
    list(mine.values_list("pk", flat=True))


def _take(run: SyncRun, connector: Connector, kind: Tool.Kind, offer: Offer, *, actor: Actor) -> None:
    """Tools and prompts alike: new ones come disabled, changed ones go into quarantine."""
    known = Tool.objects.filter(connector=connector, kind=kind).prefetch_related("versions")
    tools = {tool.name: tool for tool in known}
    difference = compare([_known(tool) for tool in tools.values()], offer)
    add_tools(connector, difference.added, difference.renamed, kind, actor=actor)
    quarantine_tools(connector, [(tools[offered.name], offered) for offered in difference.changed], actor=actor)
    restore_tools(connector, [tools[offered.name] for offered in difference.restored], actor=actor)
    remove_tools(connector, [tools[name] for name in difference.removed], actor=actor)
    _put_in_order(connector, kind, offer)
    _note(run, kind, offer, difference)


def _addresses_of_others(run: SyncRun, connector: Connector, look: Look) -> list[str]:
    """What could not be listed stays as it was."""
    if look.resources is None or look.templates is None:
        return []
    resources = [str(entry["uri"]) for entry in look.resources]
    templates = [str(entry["uriTemplate"]) for entry in look.templates]
    return note_addresses(connector, resources, templates, run.started_at)


def _put_in_order(connector: Connector, kind: Tool.Kind, offer: Offer) -> None:
    """As the server lists them. Not a change of any of them: nobody has to accept an order."""
    places = {name: number for number, name in enumerate(offer.tools)}
    moved = []
    for tool in Tool.objects.filter(connector=connector, kind=kind, name__in=places).only("name", "position"):
        if tool.position != places[tool.name]:
            tool.position = places[tool.name]
            moved.append(tool)
    Tool.objects.bulk_update(moved, ["position"], batch_size=500)


def _take_resources(run: SyncRun, connector: Connector, *, actor: Actor) -> None:
    """One row stands for them all, there for as long as the server says that it has resources."""
    row = Tool.objects.filter(connector=connector, kind=Tool.Kind.RESOURCES).first()
    offers_them = run.found_resources = "resources" in connector.capabilities
    if row is None and offers_them:
        add_resources(connector, actor=actor)
        run.added.append("resources")
    elif row is not None and offers_them and row.state == Tool.State.REMOVED:
        restore_tools(connector, [row], actor=actor)
        run.restored.append("resources")
    elif row is not None and not offers_them and row.state != Tool.State.REMOVED:
        remove_tools(connector, [row], actor=actor)
        run.removed.append("resources")


def summary_of(run: SyncRun) -> str:
    """ "84 tools, 3 prompts, resources found: 2 new (disabled), 1 changed (quarantined), 1 gone." """
    parts = [
        f"{len(names)} {word}"
        for names, word in (
            (run.added, "new (disabled)"),
            (run.changed, "changed (quarantined)"),
            (run.restored, "as accepted again"),
            (run.removed, "gone"),
        )
        if names
    ]
    counts = (
        (run.all_refused, "left out"),
        (run.mended_count, "mended"),
        (run.unchecked_count, "remark on schemas" if run.unchecked_count == 1 else "remarks on schemas"),
    )
    parts += [f"{count} {word}" for count, word in counts if count]
    found = f"{offer_words(run.found, run.found_prompts, run.found_resources)} found"
    return f"{found}: {', '.join(parts)}." if parts else f"{found}, nothing changed."


def _known(tool: Tool) -> Known:
    versions = list(tool.versions.all())
    pinned = next(version for version in versions if version.is_pinned)
    proposed = next((version for version in versions if version.is_proposed), None)
    return Known(
        name=tool.name,
        pinned=bytes(pinned.digest),
        body=body_digest(pinned.definition),
        proposed=bytes(proposed.digest) if proposed else None,
        is_quarantined=tool.state == Tool.State.QUARANTINED,
        is_removed=tool.state == Tool.State.REMOVED,
    )


def _remember(connector: Connector, look: Look) -> None:
    found = look.discovery
    connector.era, connector.eras = found.era, list(found.eras or (found.era,))
    connector.protocol_version = (found.protocol_version or "")[:10]
    connector.server_info = _plain(found.server_info)
    connector.instructions = (found.instructions or "")[:20_000].replace("\0", "")
    connector.capabilities = _sane(found.capabilities)
    connector.save(update_fields=["era", "eras", "protocol_version", "server_info", "instructions", "capabilities"])


def _sane(capabilities: Mapping[str, Any]) -> dict[str, Any]:
    """What the server says it can do, unless it says too much."""
    text = json.dumps(capabilities)
    return dict(capabilities) if len(text) <= LONGEST_CAPABILITIES and "\\u0000" not in text else {"tools": {}}


def _plain(info: Mapping[str, Any]) -> dict[str, str]:
    """What the server calls itself, cut short; PostgreSQL has no room for NUL."""
    said = {key: info.get(key) for key in ("name", "title", "version")}
    return {key: value[:200].replace("\0", "") for key, value in said.items() if isinstance(value, str)}


def _note(run: SyncRun, kind: Tool.Kind, offer: Offer, difference: Difference) -> None:
    def words(names: Iterable[str]) -> list[str]:
        return sorted(name_with_kind(kind, name) for name in names)

    if kind == Tool.Kind.TOOL:
        run.found = len(offer.tools)
    else:
        run.found_prompts = len(offer.tools)
    run.refused += offer.refused
    run.mended += offer.mended
    run.unchecked += notes_of(offer.tools.values()) if kind == Tool.Kind.TOOL else []
    run.added += words(offered.name for offered in difference.added)
    run.changed += words(offered.name for offered in difference.changed)
    run.restored += words(offered.name for offered in difference.restored)
    run.removed += words(difference.removed)
    run.renamed += sorted([old, new] for new, old in difference.renamed.items())


def _finish(run: SyncRun) -> None:
    run.is_success = True
    run.refused_count, run.mended_count, run.unchecked_count = len(run.refused), len(run.mended), len(run.unchecked)
    run.refused, run.mended, run.unchecked = _bounded(run.refused), _bounded(run.mended), _bounded(run.unchecked)
    _close(run)


def _bounded(sentences: list[str]) -> list[str]:
    """PostgreSQL has no room for NUL."""
    return [sentence[:500].replace("\0", "") for sentence in sentences[:MOST_SENTENCES]]


@transaction.atomic
def _failed(run: SyncRun, problem: Problem, *, actor: Actor) -> SyncRun:
    run.error = problem.message[:500].replace("\0", "")
    _close(run)
    connector = run.connector
    record(
        ConnectorSyncFailed(connector=connector_label(connector), reason=run.error),
        organization_id=connector.organization_id,
        actor=actor,
    )
    record_failure(connector, problem)
    return run


def _close(run: SyncRun) -> None:
    run.save()
    SyncRun.objects.filter(pk=run.pk).update(finished_at=Now())
    run.refresh_from_db(fields=["finished_at"])
