"""A set-up file is applied: an organization comes to the state that it describes, by the floors' own actions alone."""

from __future__ import annotations

from django.db.models.functions import Lower

from audit.actor import SYSTEM
from harriet.console.setup_file.connectors import apply_connector
from harriet.console.setup_file.form import OrganizationPart, PersonPart, SetupFile
from harriet.console.setup_file.limits import apply_limit, name_of
from harriet.console.setup_file.profiles import apply_profile
from harriet.console.setup_file.report import Report
from harriet.console.setup_file.workflows import apply_workflow
from harriet.lib.batches import in_batches
from harriet.lib.errors import Problem
from harriet.people.actions.bring_people import Came, NewPerson, bring_people
from harriet.people.actions.change_organization import change_organization
from harriet.people.actions.change_role import change_role
from harriet.people.actions.create_group import create_group
from harriet.people.actions.set_person_groups import set_person_groups
from harriet.people.models import Group, Invitation, Membership, Organization
from harriet.signin.actions.found_organization import found_organization

PEOPLE_AT_ONCE = 500
"""Who are read, and brought, together; and groups."""


def apply(setup: SetupFile, *, approves: bool = True) -> Report:
    """Apply every part in order. What fails is reported and the rest goes on, except without an organization.

    `approves`: whoever operates the machine approves what the file's connectors wait for in review."""
    report = Report()
    organization = _organization(setup.organization, report)
    groups = _groups(organization, setup.groups, report)
    for some in in_batches(setup.people, PEOPLE_AT_ONCE):
        _apply_people(organization, some, groups, report)
    for connector in setup.connectors:
        with report.part(f"connector {connector.slug}"):
            apply_connector(organization, connector, groups, report, approves=approves)
    for profile in setup.profiles:
        with report.part(f"profile {profile.slug}"):
            apply_profile(organization, profile, groups, report)
    for limit in setup.limits:
        with report.part(name_of(limit)):
            apply_limit(organization, limit, report)
    for workflow in setup.workflows:
        with report.part(f"workflow {workflow.slug}"):
            apply_workflow(organization, workflow, report)
    return report


def _organization(part: OrganizationPart, report: Report) -> Organization:
    organization = Organization.objects.filter(slug=part.slug).first()
    if organization is None:
        report.created(f"organization {part.slug}")
        return found_organization(part.slug, part.name, actor=SYSTEM)
    if organization.name == part.name:
        report.left(f"organization {part.slug}")
        return organization
    report.changed(f"organization {part.slug}")
    return change_organization(
        organization,
        name=part.name,
        hold_seconds=organization.hold_seconds,
        internal_hosts=organization.internal_hosts,
        new_clients=organization.new_clients,
        actor=SYSTEM,
    )


def _groups(organization: Organization, slugs: list[str], report: Report) -> dict[str, Group]:
    """By their slugs, in the order of the file; a missing one is created."""
    found: dict[str, Group] = {}
    for some in in_batches(dict.fromkeys(slugs), PEOPLE_AT_ONCE):
        here = {group.slug: group for group in Group.objects.filter(organization=organization, slug__in=some)}
        found |= {slug: _group(organization, slug, here.get(slug), report) for slug in some}
    return found


def _group(organization: Organization, slug: str, group: Group | None, report: Report) -> Group:
    if group is not None:
        report.left(f"group {slug}")
        return group
    report.created(f"group {slug}")
    return create_group(organization, slug, slug.replace("-", " ").capitalize(), actor=SYSTEM)


def _apply_people(organization: Organization, some: list[PersonPart], groups: dict[str, Group], report: Report) -> None:
    """Who is new comes together with the others who are; each has their line, in the order of the file."""
    here = _people(organization, some)
    new = [part for part in some if part.email.strip().lower() not in here]
    people = [NewPerson(one.email, one.role, tuple(groups[slug] for slug in one.groups), one.name) for one in new]
    came = iter(bring_people(organization, people, actor=SYSTEM) if people else [])
    for part in some:
        with report.part(f"person {part.email}"):
            membership = here.get(part.email.strip().lower())
            if membership is None:
                _report_came(part, next(came), report)
            else:
                _change_person(membership, part, groups, report)


def _people(organization: Organization, parts: list[PersonPart]) -> dict[str, Membership]:
    """Those who are here already, by their addresses in small letters, with their groups."""
    addresses = [part.email.strip().lower() for part in parts]
    here = Membership.objects.filter(organization=organization).alias(address=Lower("user__email"))
    found = here.filter(address__in=addresses).select_related("user", "organization").prefetch_related("groups")
    return {membership.user.email.lower(): membership for membership in found}


def _report_came(part: PersonPart, came: Came, report: Report) -> None:
    if isinstance(came, Problem):
        raise came
    if isinstance(came, Invitation):
        report.invited(f"person {part.email}, who has an account and accepts or declines when signed in")
    else:
        report.created(f"person {part.email}")


def _change_person(membership: Membership, part: PersonPart, groups: dict[str, Group], report: Report) -> None:
    is_moved = membership.role != part.role
    is_regrouped = {group.slug for group in membership.groups.all()} != set(part.groups)
    if is_moved:
        change_role(membership, part.role, actor=SYSTEM)
    if is_regrouped:
        set_person_groups(membership, [groups[slug] for slug in part.groups], actor=SYSTEM)
    report.changed_if(is_moved or is_regrouped, f"person {part.email}")
