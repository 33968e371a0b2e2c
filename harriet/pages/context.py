"""What a page shows, as one typed value: its template, its entry in the rail, a field for each name in the template.

@dataclass(frozen=True, slots=True)
class GroupsPage(PageContext):
    template = "people/groups.html"
    active = "groups"
    groups: QuerySet[Group]
    can_manage: bool

return show(request, GroupsPage(groups=…, can_manage=…))
"""

from __future__ import annotations

from functools import cache, partial
from inspect import get_annotations
from typing import ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from harriet.lib.secret import Secret
from harriet.pages.no_store import forbid_storing


class PageContext:
    """Whatever a subclass declares is a name in its template: fields, class variables and properties."""

    __slots__ = ()

    template: ClassVar[str]
    active: ClassVar[str] = ""
    """Key of the rail's entry that is marked as the current one; harriet/console/navigation.py has them."""


def show(request: HttpRequest, page: PageContext, status: int = 200) -> HttpResponse:
    """A Secret among the page's fields stays masked: only `show_once` shows one."""
    return render(request, page.template, names_of(page), status=status)


def show_once(request: HttpRequest, page: PageContext) -> HttpResponse:
    """For the answer in which a person sees a secret that was made for them, this once: nothing keeps it."""
    names = {name: value.reveal() if isinstance(value, Secret) else value for name, value in names_of(page).items()}
    return forbid_storing(render(request, page.template, names))


def names_of(page: PageContext) -> dict[str, object]:
    """The template's names with their values. A property is asked when the template first asks for it, and once."""
    kinds = type(page).__mro__
    declared = {name: getattr(page, name) for kind in kinds for name in get_annotations(kind)}
    asked = (name for kind in kinds for name, value in vars(kind).items() if isinstance(value, property))
    return declared | {name: cache(partial(getattr, page, name)) for name in asked}
