"""Applies one profile of a set-up file."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.functions import Lower

from audit.actor import SYSTEM
from connectors.actions.change_profile import change_profile
from connectors.actions.create_profile import create_profile
from connectors.models import Connector, Profile, Tool
from connectors.queries import tools_at
from harriet.console.setup_file.form import ProfilePart, SetupFileError
from harriet.console.setup_file.policy import apply_scopes
from harriet.console.setup_file.report import Report
from harriet.lib.batches import in_batches
from harriet.people.models import Group, Membership, Organization
from harriet.people.trust import Trust

PEOPLE_AT_ONCE = 500
"""Addresses that are looked for in one query."""


def apply_profile(organization: Organization, part: ProfilePart, groups: dict[str, Group], report: Report) -> None:
    profile = _apply(organization, part, groups, report)
    if part.scopes is not None:
        apply_scopes(profile, part.scopes, report)


def _apply(organization: Organization, part: ProfilePart, groups: dict[str, Group], report: Report) -> Profile:
    profile = Profile.objects.filter(organization=organization, slug=part.slug).first()
    chosen_groups = [groups[slug] for slug in part.groups]
    people = _memberships(organization, part.people)
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


def _memberships(organization: Organization, emails: list[str]) -> list[Membership]:
    found: dict[str, Membership] = {}
    here = Membership.objects.filter(organization=organization).alias(address=Lower("user__email"))
    for some in in_batches(emails, PEOPLE_AT_ONCE):
        rows = here.filter(address__in=[email.lower() for email in some]).select_related("user")
        found |= {membership.user.email.lower(): membership for membership in rows}
    missing = next((email for email in emails if email.lower() not in found), None)
    if missing is not None:
        raise SetupFileError(f"{missing} is not among the people of this organization.")
    return [found[email.lower()] for email in emails]


def _single(organization: Organization, part: ProfilePart, report: Report) -> list[Tool]:
    """Single tools and prompts, and the resources of single connectors: those that there are, so that one that is gone
    doesn't keep the others from whom the profile is for."""
    return [
        *_tools(organization, Tool.Kind.TOOL, part.tools, part, report),
        *_tools(organization, Tool.Kind.PROMPT, part.prompts, part, report),
        *_resources(organization, part, report),
    ]


def _tools(
    organization: Organization, kind: str, paths: list[str], part: ProfilePart, report: Report
) -> Iterator[Tool]:
    found = tools_at(organization.pk, paths, kind)
    for path in paths:
        if path in found:
            yield found[path]
        else:
            why = f"There is no such {kind}. Write it as <connector slug>/<{kind} name>, as the server calls it."
            report.failed(f"{kind} {path} in the profile {part.slug}", why)


def _resources(organization: Organization, part: ProfilePart, report: Report) -> Iterator[Tool]:
    rows = Tool.objects.filter(organization=organization, kind=Tool.Kind.RESOURCES, connector__slug__in=part.resources)
    found = {tool.connector.slug: tool for tool in rows.select_related("connector")}
    for slug in part.resources:
        if slug in found:
            yield found[slug]
        else:
            report.noted(f"resources of {slug} in the profile {part.slug}", "Harriet knows of none there.")
