"""Applies one profile of a set-up file."""

from __future__ import annotations

from audit.actor import SYSTEM
from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.models import Connector, Profile, Tool
from connectors.queries import tool_at
from harriet.console.setup_file.form import ProfilePart, SetupFileError
from harriet.console.setup_file.policy import apply_scopes
from harriet.console.setup_file.report import Report
from harriet.people.models import Group, Membership, Organization
from harriet.people.trust import Trust


def apply_profile(organization: Organization, part: ProfilePart, groups: dict[str, Group], report: Report) -> None:
    profile = _apply(organization, part, groups, report)
    if part.scopes is not None:
        apply_scopes(profile, part.scopes, report)


def _apply(organization: Organization, part: ProfilePart, groups: dict[str, Group], report: Report) -> Profile:
    profile = Profile.objects.filter(organization=organization, slug=part.slug).first()
    chosen_groups = [groups[slug] for slug in part.groups]
    people = [_membership(organization, email) for email in part.people]
    connectors = list(Connector.objects.filter(organization=organization, slug__in=part.connectors))
    tools = _single(organization, part, report)
    if profile is None:
        made = create_profile(
            organization,
            slug=part.slug,
            name=part.name,
            description=part.description,
            has_prefix=part.prefix,
            is_progressive=part.progressive,
            trust=part.trust or Trust.SUPERVISED,
            hold_seconds=part.hold_seconds,
            groups=chosen_groups,
            people=people,
            connectors=connectors,
            tools=tools,
            actor=SYSTEM,
        )
        report.created(f"profile {part.slug}")
        return made
    is_changed = change_profile(
        profile,
        name=part.name,
        description=part.description,
        has_prefix=part.prefix,
        is_progressive=part.progressive,
        trust=part.trust,
        hold_seconds=part.hold_seconds,
        groups=chosen_groups,
        people=people,
        connectors=connectors,
        tools=tools,
        actor=SYSTEM,
    )
    report.changed_if(is_changed, f"profile {part.slug}")
    return profile


def _membership(organization: Organization, email: str) -> Membership:
    found = Membership.objects.filter(organization=organization, user__email__iexact=email).first()
    if found is None:
        raise SetupFileError(f"{email} is not among the people of this organization.")
    return found


def _single(organization: Organization, part: ProfilePart, report: Report) -> list[Tool]:
    """Single tools and prompts, and the resources of single connectors: those that there are, so that one that is gone
    doesn't keep the others from whom the profile is for."""
    named = [*((Tool.Kind.TOOL, path) for path in part.tools), *((Tool.Kind.PROMPT, path) for path in part.prompts)]
    found = [
        *(_tool(organization, kind, path, part, report) for kind, path in named),
        *(_resources(organization, slug, part, report) for slug in part.resources),
    ]
    return [tool for tool in found if tool is not None]


def _tool(organization: Organization, kind: str, path: str, part: ProfilePart, report: Report) -> Tool | None:
    found = tool_at(organization, path, kind)
    if found is None:
        why = f"There is no such {kind}. Write it as <connector slug>/<{kind} name>, as the server calls it."
        report.failed(f"{kind} {path} in the profile {part.slug}", why)
    return found


def _resources(organization: Organization, slug: str, part: ProfilePart, report: Report) -> Tool | None:
    rows = Tool.objects.filter(organization=organization, kind=Tool.Kind.RESOURCES, connector__slug=slug)
    found = rows.first()
    if found is None:
        report.noted(f"resources of {slug} in the profile {part.slug}", "Harriet knows of none there.")
    return found
