"""A person's inbox: what Harriet told them, what is still to do about it and what is over."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from harriet.pages.context import PageContext, show
from harriet.people.actions.read_notices import read_notices
from harriet.people.models import Notice
from harriet.people.notifications.kinds import KINDS, Kind
from harriet.people.pages.guards import OrganizationRequest, in_organization

PAGE = 50
SHOWN = (("", "Everything"), ("unread", "Unread"), ("open", "Still to do"))


@dataclass(frozen=True, slots=True)
class Line:
    notice: Notice
    kind: Kind | None

    @property
    def state(self) -> tuple[str, str]:
        """The hue and the word."""
        if self.notice.settled_at:
            return "neutral", "Over"
        return ("neutral", "Read") if self.notice.read_at else ("attention", "New")


@dataclass(frozen=True, slots=True)
class InboxPage(PageContext):
    template = "console/inbox.html"
    lines: list[Line]
    show: str
    about: str
    older: str
    """The address of what is older; empty for nothing."""
    newer: str
    """The address of the newest, when these are not."""
    shown: tuple[tuple[str, str], ...] = SHOWN
    kinds: tuple[Kind, ...] = tuple(KINDS.values())


@require_http_methods(["GET", "HEAD", "POST"])
@in_organization
def inbox_page(request: OrganizationRequest) -> HttpResponse:
    if request.method == "POST":
        return _read(request)
    wanted = request.GET
    found = list(_before(request, _wanted(request), wanted.get("before", ""))[: PAGE + 1])
    older = _address(wanted, before=str(found[PAGE - 1].pk)) if len(found) > PAGE else ""
    return show(
        request,
        InboxPage(
            lines=[Line(notice, KINDS.get(notice.kind)) for notice in found[:PAGE]],
            show=wanted.get("show", ""),
            about=wanted.get("about", ""),
            older=older,
            newer=_address(wanted) if wanted.get("before") else "",
        ),
    )


def _read(request: OrganizationRequest) -> HttpResponse:
    """One line, or all of them; back to what was shown."""
    one = _id(request.POST.get("notice", ""))
    count = read_notices(request.user, request.organization, one)
    if one is None:
        messages.success(request, "Nothing was unread." if not count else "All is marked as read.")
    return redirect(_address(request.GET, before=request.GET.get("before", "")))


def _wanted(request: OrganizationRequest) -> QuerySet[Notice]:
    mine = Notice.objects.filter(user=request.user, organization=request.organization)
    if request.GET.get("show") == "unread":
        mine = mine.filter(read_at=None)
    elif request.GET.get("show") == "open":
        mine = mine.filter(settled_at=None)
    if about := request.GET.get("about"):
        mine = mine.filter(kind=about)
    return mine.order_by("-created_at", "-id")


def _before(request: OrganizationRequest, mine: QuerySet[Notice], before: str) -> QuerySet[Notice]:
    """From where the last page ended: an id of one's own, or else the newest."""
    id = _id(before)
    last = Notice.objects.filter(user=request.user, pk=id).first() if id else None
    if last is None:
        return mine
    earlier = Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk)
    return mine.filter(earlier, created_at__lte=last.created_at)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _address(wanted: QueryDict, before: str = "") -> str:
    query = QueryDict(mutable=True)
    kept = {"show": wanted.get("show", ""), "about": wanted.get("about", ""), "before": before}
    query.update({name: value for name, value in kept.items() if value})
    return f"?{query.urlencode()}" if query else "."
