"""Applies one connector of a set-up file: address, credential, sync, tools."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db.models import QuerySet

from audit.actor import SYSTEM
from connectors.actions.activate_connector import activate_connector
from connectors.actions.approve_review import approve_review
from connectors.actions.draft_connector import draft_connector
from connectors.actions.replace_secret import is_tried_first, replace_secret
from connectors.actions.save_authentication import save_authentication
from connectors.actions.save_basics import save_basics
from connectors.actions.save_connection import check_address, move_between, save_connection
from connectors.actions.set_argument_checks import set_argument_checks
from connectors.actions.set_deciders import set_deciders
from connectors.actions.set_identity_passing import set_identity_passing
from connectors.actions.set_tool import ToolChange
from connectors.actions.set_tools_in_bulk import set_each_tool
from connectors.actions.sync_connector import summary_of, sync_connector
from connectors.definitions.sound import label_of
from connectors.findings.score import band_of
from connectors.models import Connector, Review, SyncRun, Tool
from connectors.sync_remarks import remarks_of
from harriet.console.setup_file.form import AuthenticationPart, ConnectorPart, IdentityPart, SetupFileError, ToolPart
from harriet.console.setup_file.policy import apply_rules
from harriet.console.setup_file.report import Report
from harriet.lib.errors import Problem
from harriet.lib.secret import Secret
from harriet.lib.text import show_hidden
from harriet.people.models import Group, Organization, User
from vault.actions.change_schedule import change_schedule
from vault.compare import is_same_credential
from vault.models import Credential
from vault.queries import credential_of
from vault.rules import check_placement, type_named
from vault.types.registry import NO_CREDENTIAL_TYPE

OPERATORS = "Approved with a set-up file by whoever operates this installation."
MOST_NOTES = 20
"""Of a kind, for one connector."""


def apply_connector(
    organization: Organization,
    part: ConnectorPart,
    groups: dict[str, Group],
    report: Report,
    *,
    approves: bool = False,
) -> None:
    connector = Connector.objects.filter(organization=organization, slug=part.slug).first()
    is_new = connector is None
    if connector is None:
        connector = draft_connector(
            organization, slug=part.slug, name=part.name, description=part.description, kind=part.kind, actor=SYSTEM
        )
    if connector.kind != part.kind:
        raise SetupFileError(f"It is of the kind {connector.kind}, which can't be changed. Make another connector.")
    _demand_secret(connector, part)
    is_changed = _address(connector, part) | _authentication(connector, part.authentication)
    if connector.state == Connector.State.DRAFT:
        activate_connector(connector, actor=SYSTEM)
    if is_new:
        report.created(f"connector {part.slug}")
    else:
        report.changed_if(is_changed, f"connector {part.slug}")
    run = sync_connector(connector, actor=SYSTEM)
    _report_sync(run, part, report)
    if run.is_success:
        _report_missing(connector, part, run, report)
    _tools(connector, part, groups, report)
    if part.rules is not None:
        apply_rules(connector, part.rules, report)
    _review(connector, part, report, approves=approves)


def _review(connector: Connector, part: ConnectorPart, report: Report, *, approves: bool) -> None:
    """Nobody there submitted it, so whoever reviews may decide; or the operator, here and now."""
    waiting = Review.objects.filter(connector=connector, state=Review.State.WAITING).first()
    if waiting is not None and approves:
        approve_review(waiting, seen=None, words=OPERATORS, actor=SYSTEM)
        report.changed(f"review of {part.slug}: approved, {waiting.score} of 100")
    elif waiting is not None:
        score = f"{waiting.score} of 100, {band_of(waiting.score)}"
        report.noted(
            part.slug, f"It waits for review ({score}): approve it under Reviews, or apply the file without --review."
        )
    elif not Connector.objects.filter(pk=connector.pk, review=Connector.Standing.APPROVED).exists():
        report.noted(part.slug, "Its review sent it back, so calls are refused. Change it and submit it again.")


def _demand_secret(connector: Connector, part: ConnectorPart) -> None:
    """Before anything is changed: a moved connector would go on without the secret that it needs."""
    given = part.authentication
    if given.type == NO_CREDENTIAL_TYPE or given.secret is not None or not connector.url:
        return
    if not type_named(given.type).needs_secret:
        return  # who signs people in is found anew
    check_address(connector.organization, part.url, allow_internal=part.allow_internal)
    if move_between(connector.url, part.url) and credential_of(connector.id) is not None:
        raise SetupFileError(
            "Its address is another one than its secret was saved for, and the secret doesn't go there by itself: "
            'add "secret": {"env": "NAME"} to its "authentication". Nothing of it was changed.'
        )


def _address(connector: Connector, part: ConnectorPart) -> bool:
    is_renamed = (connector.name, connector.description) != (part.name, part.description)
    is_moved = (connector.url, connector.allow_internal) != (part.url, part.allow_internal)
    if is_renamed:
        save_basics(connector, slug=part.slug, name=part.name, description=part.description, actor=SYSTEM)
    if is_moved:
        save_connection(connector, url=part.url, allow_internal=part.allow_internal, actor=SYSTEM)
    is_checked = _checks(connector, part.checks_arguments)
    is_decided = part.deciders is not None and set_deciders(connector, part.deciders, actor=SYSTEM)
    return _identity(connector, part.identity) or is_checked or is_decided or is_renamed or is_moved


def _identity(connector: Connector, wanted: IdentityPart | None) -> bool:
    if wanted is None:
        return False
    before = connector.revision
    said = set_identity_passing(
        connector, wanted.kind, wanted.header, wanted.attribute, refuses_local=wanted.refuses_local, actor=SYSTEM
    )
    return said.revision != before


def _checks(connector: Connector, wanted: bool | None) -> bool:
    is_other = wanted is not None and wanted != connector.checks_arguments
    if is_other:
        set_argument_checks(connector, checks_arguments=bool(wanted), actor=SYSTEM)
    return is_other


def _authentication(connector: Connector, part: AuthenticationPart) -> bool:
    credential = credential_of(connector.id)
    if part.type == NO_CREDENTIAL_TYPE:
        if credential is not None or connector.state == Connector.State.DRAFT:
            _save(connector, part, None, None)
        return credential is not None
    if part.secret is not None or (not type_named(part.type).needs_secret and not _is_as_saved(credential, part)):
        return _secret(connector, part)
    if credential is None:
        raise SetupFileError('No secret is saved yet: add "secret": {"env": "NAME"} to its "authentication".')
    return _kept(connector, part, credential)


def _is_as_saved(credential: Credential | None, part: AuthenticationPart) -> bool:
    """What the file leaves out was found, and is saved as it was found."""
    if credential is None or credential.type != part.type:
        return False
    checked = check_placement(part.type, part.entered.placement)
    if not type_named(part.type).is_oauth:
        return bool(credential.placement == checked)
    return all(credential.placement.get(key, "") == value for key, value in checked.items() if value)


def _kept(connector: Connector, part: AuthenticationPart, credential: Credential) -> bool:
    """Without a secret in the file the saved one stays, in its place; owner and schedule may differ."""
    if not _is_as_saved(credential, part):
        raise SetupFileError(
            "The secret goes to another place than the saved one, which nobody can read again: "
            'add "secret": {"env": "NAME"} to its "authentication".'
        )
    return _schedule(connector, _owner(connector.organization, part.owner), part.rotate_every_days)


def _secret(connector: Connector, part: AuthenticationPart) -> bool:
    """Save the secret unless the vault holds the very same; then only owner and schedule may differ."""
    secret, (username, placement) = part.secret.read() if part.secret else Secret(""), part.entered
    owner = _owner(connector.organization, part.owner)
    if is_same_credential(connector.id, part.type, secret, username=username, placement=placement):
        return _schedule(connector, owner, part.rotate_every_days)
    _save(connector, part, secret, owner)
    return True


def _save(connector: Connector, part: AuthenticationPart, secret: Secret | None, owner: User | None) -> None:
    """What takes another's place is tried first, unless the file says `untested`."""
    username, placement = part.entered
    fields: dict[str, Any] = {
        "type": part.type,
        "secret": secret,
        "username": username,
        "placement": placement,
        "owner": owner,
        "rotate_every_days": part.rotate_every_days,
        "actor": SYSTEM,
    }
    if is_tried_first(connector):
        replace_secret(connector, is_untested=part.untested, **fields)
    else:
        save_authentication(connector, **fields)


def _schedule(connector: Connector, owner: User | None, days: int | None) -> bool:
    credential = credential_of(connector.id)
    if credential is None or (credential.owner, credential.rotate_every_days) == (owner, days):
        return False
    change_schedule(connector.organization, connector.id, owner=owner, rotate_every_days=days, actor=SYSTEM)
    return True


def _owner(organization: Organization, email: str) -> User | None:
    if not email:
        return None
    user = User.objects.filter(email__iexact=email, memberships__organization=organization).first()
    if user is None:
        raise SetupFileError(f'The credential\'s owner {email} is not among the people of "{organization.slug}".')
    return user


def _report_sync(run: SyncRun, part: ConnectorPart, report: Report) -> None:
    if not run.is_success:
        report.failed(f"sync of {part.slug}", run.error)
    elif run.added or run.changed or run.removed:
        report.changed(f"tools of {part.slug}: {summary_of(run)}")
    else:
        report.left(f"tools of {part.slug}")
    for remarks in remarks_of(run, MOST_NOTES):
        for sentence in remarks.sentences:
            report.noted(part.slug, show_hidden(sentence))
        if remarks.more:
            report.noted(part.slug, f"{remarks.title}: {remarks.more} more; the connector's page shows them.")


_NOT_OFFERED = "The server does not offer it. Correct its name or take it out."


def _report_missing(connector: Connector, part: ConnectorPart, run: SyncRun, report: Report) -> None:
    """A tool or a prompt that was named and isn't there may be a slip of the pen. That a server has no resources is no
    mistake of the file's: there is nothing to allow, and what else it says is done."""
    offered = set(_offered(connector).values_list("kind", "name"))
    for kind, parts in ((Tool.Kind.TOOL, part.tools), (Tool.Kind.PROMPT, part.prompts)):
        for name in sorted(parts.keys() - {"*"}):
            if (kind, name) not in offered:
                why = next((one for one in run.refused if label_of({"name": name}) in one), _NOT_OFFERED)
                report.failed(f"{kind} {part.slug}/{name}", show_hidden(why))
    if part.resources != ToolPart() and Tool.Kind.RESOURCES not in {kind for kind, _ in offered}:
        report.noted(f"resources of {part.slug}", "The server offers none, so there is nothing to set.")


def _tools(connector: Connector, part: ConnectorPart, groups: dict[str, Group], report: Report) -> None:
    """All of a connector's together; where one of them can't be as it is wished, one by one, so that it alone fails."""
    wishes = {tool: wish for tool in _offered(connector) if (wish := _wishes_for(tool, part)) != ToolPart()}
    with suppress(Problem):
        changes = {tool.pk: _change(wish, groups) for tool, wish in wishes.items()}
        changed = set_each_tool(connector, changes, actor=SYSTEM)
        for tool in wishes:
            report.changed_if(tool.pk in changed, _named(tool, part))
        return
    for tool, wish in wishes.items():
        with report.part(_named(tool, part)):
            report.changed_if(
                set_each_tool(connector, {tool.pk: _change(wish, groups)}, actor=SYSTEM), _named(tool, part)
            )


def _named(tool: Tool, part: ConnectorPart) -> str:
    is_counted = tool.kind != Tool.Kind.RESOURCES
    return f"{tool.kind} {part.slug}/{tool.name}" if is_counted else f"resources of {part.slug}"


def _wishes_for(tool: Tool, part: ConnectorPart) -> ToolPart:
    if tool.kind == Tool.Kind.RESOURCES:
        return part.resources
    return part.wishes_for_prompt(tool.name) if tool.kind == Tool.Kind.PROMPT else part.wishes_for(tool.name)


def _offered(connector: Connector) -> QuerySet[Tool]:
    return connector.tools.exclude(state=Tool.State.REMOVED)


def _change(wishes: ToolPart, groups: dict[str, Group]) -> ToolChange:
    return ToolChange(
        is_enabled=wishes.enabled,
        requires_confirmation=wishes.requires_confirmation,
        risk_override=wishes.risk,
        groups=None if wishes.groups is None else [groups[slug] for slug in wishes.groups],
        roles=wishes.roles,
    )
