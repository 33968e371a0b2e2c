"""Try a connector's server, one thing after the other, and say in words what was tried, what came back, what to do."""

from __future__ import annotations

from django.db import transaction

from audit.actor import Actor
from audit.record import record
from connectors.access.reach import is_own_address, reach_of
from connectors.actions.record_health import record_failure, record_health
from connectors.audit_labels import connector_label
from connectors.definitions.offer import Offer, read_offer
from connectors.events import ConnectorTested
from connectors.inspect.failures import OWN, findings_of
from connectors.inspect.findings import AUTHENTICATION, MOST_NAMES, Finding, summary_of_test
from connectors.inspect.look import Candidate, Look, discover, list_offer
from connectors.models import Connector
from connectors.transports.base import Discovery
from harriet.lib.egress import EgressRefused, check_url
from harriet.lib.errors import Problem
from harriet.lib.sentences import some_of
from harriet.people.permissions import demand
from harriet.people.roles import Power
from vault.queries import credential_of

NOTHING = "The server offers no tools. Ask whoever runs it whether that is meant."

__test__ = False  # pytest: the word "test" in the name is Harriet's own


def test_connection(connector: Connector, *, candidate: Candidate | None = None, actor: Actor) -> list[Finding]:
    """Never raises for what a server does. Writes down the server's health; stores nothing else.

    With a `candidate`, a credential that isn't saved yet is tried: that says nothing about the connector's health.
    """
    demand(actor, connector.organization, Power.MANAGE_CONNECTORS)
    findings, problem = _try(connector, candidate)
    result = summary_of_test(findings)
    with transaction.atomic():
        record(
            ConnectorTested(
                connector=connector_label(connector),
                result=f"With a new secret, before it is saved: {result}" if candidate else result,
            ),
            organization_id=connector.organization_id,
            actor=actor,
        )
        if connector.state != Connector.State.DRAFT and candidate is None:
            _write_health(connector, problem)
    return findings


def _write_health(connector: Connector, problem: Problem | None) -> None:
    if problem is None:
        record_health(connector, Connector.Health.UP, "")
    else:
        record_failure(connector, problem)


def _try(connector: Connector, candidate: Candidate | None) -> tuple[list[Finding], Problem | None]:
    findings: list[Finding] = []
    try:
        if is_own_address(connector.url):
            raise EgressRefused(OWN)
        check_url(connector.url, reach_of(connector, connector.organization))
        findings.append(Finding("ok", "Address", "Harriet may connect to this address."))
        discovery = discover(connector, candidate)
        findings += _server(discovery)
        findings.append(_authentication(connector, candidate))
        findings += _offer(list_offer(connector, discovery, candidate))
    except Problem as problem:
        return [*findings, *findings_of(connector, problem, candidate)], problem
    return findings, None


def _server(discovery: Discovery) -> list[Finding]:
    info = discovery.server_info or {}
    name = str(info.get("title") or info.get("name") or "a server without a name")
    version = f" {info['version']}" if info.get("version") else ""
    era = Connector.Era(discovery.era).label if discovery.era in Connector.Era.values else discovery.era
    return [
        Finding("ok", "Server", f"It answered: {name}{version}.", f"{name}{version} answered"),
        Finding("ok", "Protocol", f"It speaks MCP {discovery.protocol_version}. {era}."),
    ]


def _authentication(connector: Connector, candidate: Candidate | None) -> Finding:
    if candidate is not None:
        return Finding("ok", AUTHENTICATION, "It did not refuse the new secret.", "it did not refuse the new secret")
    if credential_of(connector.id) is None:
        return Finding("ok", AUTHENTICATION, "It asks for no credential.", "it asks for no credential")
    said = "it did not refuse the saved credential"
    return Finding("ok", AUTHENTICATION, "It did not refuse the saved credential.", said)


def _offer(look: Look) -> list[Finding]:
    tools, prompts = read_offer(look.tools), read_offer(look.prompts or [], is_prompts=True)
    unread = look.remarks.left_out
    has_resources = "resources" in look.discovery.capabilities
    findings = [Finding("attention", "Lists", f"{len(unread)} left out. {unread[0]}")] if unread else []
    findings += [_listed("Tools", tools)] if look.tools else []
    findings += [_listed("Prompts", prompts)] if look.prompts else []
    findings += [Finding("attention", "Prompts", look.problem)] if look.prompts is None else []
    if has_resources:
        findings.append(Finding("ok", "Resources", "It offers resources, which are read when a client asks for them."))
    return findings or [Finding("attention", "Tools", NOTHING)]


def _listed(title: str, offer: Offer) -> Finding:
    names, count = sorted(offer.tools), len(offer.tools)
    short, first = f"{count} {title.lower() if count != 1 else title.lower()[:-1]}", tuple(names[:MOST_NAMES])
    if offer.refused:
        left_out = f"{len(offer.refused)} left out. {offer.refused[0]}"
        return Finding("attention", title, f"{count} {title.lower()} found; {left_out}", short, first)
    if offer.mended:
        was_mended = f"{len(offer.mended)} not valid, and mended. {offer.mended[0]}"
        return Finding("ok", title, f"{count} {title.lower()} found; {was_mended}", short, first)
    return Finding("ok", title, f"{count} found: {some_of(names, 5)}.", short, first)
