"""The groups with their control files, and the files of one: seen, downloaded, and read at an address."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_POST, require_safe

from harriet.console.control_files.rendered import MOST_DENIED, Content, ControlFile, content_of, file_named, files_of
from harriet.pages.context import PageContext, show
from harriet.pages.tables.declared import Column, Table
from harriet.pages.tables.listed import Listed
from harriet.people.actions.publish_control_files import publish_control_files, withdraw_control_files
from harriet.people.errors import NotFound
from harriet.people.models import Group, PublishedControlFiles
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.pages.tables import listed_for
from harriet.people.permissions import has_power
from harriet.people.queries import group_of, groups_of, published_files_of
from harriet.people.roles import Power
from harriet.people.search_words import Noun, has_words

GROUPS = Table(
    key="control-files",
    columns=(
        Column("name", "Group", sort="name"),
        Column("address", "Published", is_optional=True),
        Column("since", "Since", sort="created_at", is_optional=True, is_shown_at_first=False),
    ),
    order="name",
)
NO_SUCH_FILE = "There is no such file. Compare the address with the one on the page of the group."


@dataclass(frozen=True, slots=True)
class GroupRow:
    group: Group
    is_published: bool


@dataclass(frozen=True, slots=True)
class ControlFilesPage(PageContext):
    template = "unmanaged/control_files.html"
    active = "unmanaged"
    table: Listed[Group]
    rows: list[GroupRow]
    text: str
    is_empty: bool


LONGEST_SHOWN = 4_000
"""Characters of one file: the page has five of them, and a file may name thousands of servers."""


@dataclass(frozen=True, slots=True)
class ShownFile:
    file: ControlFile
    beginning: str
    """Of its text, whole lines."""
    more_lines: int
    """Beyond those that are shown."""
    download: str
    address: str
    """Empty while they are published nowhere."""


@dataclass(frozen=True, slots=True)
class GroupFilesPage(PageContext):
    template = "unmanaged/group_files.html"
    active = "unmanaged"
    group: Group
    content: Content
    files: list[ShownFile]
    published: PublishedControlFiles | None
    can_manage: bool
    most_denied: int = MOST_DENIED


@require_safe
@needs(Power.VIEW_SETTINGS)
def control_files_page(request: OrganizationRequest) -> HttpResponse:
    text, everything = request.GET.get("q", "").strip(), groups_of(request.organization)
    found = everything.filter(has_words(Noun.GROUP, text)) if text else everything
    table = listed_for(request, GROUPS, found)
    published = set(PublishedControlFiles.objects.filter(group__in=table.rows).values_list("group_id", flat=True))
    page = ControlFilesPage(
        table=table,
        rows=[GroupRow(one, one.pk in published) for one in table.rows],
        text=text,
        is_empty=not table.rows and not everything.exists(),
    )
    return show(request, page)


@require_safe
@needs(Power.VIEW_SETTINGS)
def group_files_page(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group = group_of(request.organization, pk)
    content, published = content_of(group), published_files_of(group)
    page = GroupFilesPage(
        group=group,
        content=content,
        files=[_shown(group, one, published) for one in files_of(content)],
        published=published,
        can_manage=has_power(request.membership, Power.MANAGE_PROFILES),
    )
    return show(request, page)


def _shown(group: Group, file: ControlFile, published: PublishedControlFiles | None) -> ShownFile:
    download = reverse("control_files:download", args=[group.pk, file.client, file.name])
    live = reverse("live_control_file", args=[published.pk, file.client, file.name]) if published else ""
    beginning, more_lines = _beginning(file.text)
    return ShownFile(file, beginning, more_lines, download, settings.BASE_URL + live if live else "")


def _beginning(text: str) -> tuple[str, int]:
    """Whole lines of it, and how many are left out."""
    if len(text) <= LONGEST_SHOWN:
        return text, 0
    shown = text[: text.rfind("\n", 0, LONGEST_SHOWN) + 1] or text[:LONGEST_SHOWN]
    return shown.rstrip("\n"), text.count("\n", len(shown)) + (not text.endswith("\n"))


@require_POST
@needs(Power.MANAGE_PROFILES)
def publish_files(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group = group_of(request.organization, pk)
    publish_control_files(group, actor=request.actor)
    messages.success(request, f"The control files of {group.name} can be read at the addresses below.")
    return redirect("control_files:detail", pk)


@require_POST
@needs(Power.MANAGE_PROFILES)
def withdraw_files(request: OrganizationRequest, pk: UUID) -> HttpResponse:
    group = group_of(request.organization, pk)
    withdraw_control_files(group, actor=request.actor)
    messages.success(request, f"The addresses of the control files of {group.name} answer no more.")
    return redirect("control_files:detail", pk)


@require_safe
@needs(Power.VIEW_SETTINGS)
def download_file(request: OrganizationRequest, pk: UUID, client: str, name: str) -> HttpResponse:
    response = _sent(request, file_named(content_of(group_of(request.organization, pk)), client, name))
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@login_not_required
def live_file(request: HttpRequest, pk: UUID, client: str, name: str) -> HttpResponse:
    """For device management, which signs in nowhere. The file stands on each machine that it is for and opens nothing;
    its address holds no secret, but can't be guessed, and is gone once it is withdrawn."""
    found = PublishedControlFiles.objects.filter(pk=pk).select_related("group__organization").first()
    if found is None:
        raise NotFound(NO_SUCH_FILE)
    return _sent(request, file_named(content_of(found.group), client, name))


def _sent(request: HttpRequest, file: ControlFile | None) -> HttpResponse:
    """304 for whoever has it as it is."""
    if file is None:
        raise NotFound(NO_SUCH_FILE)
    kind = "application/json" if file.name.endswith(".json") else "application/toml"
    response = HttpResponse(file.text, content_type=f"{kind}; charset=utf-8")
    response["ETag"] = file.etag
    return get_conditional_response(request, etag=file.etag, response=response) or response
