"""No page and no route reads as many rows as a company has: `unbounded.py` finds where one could, and each place where
that is right says why. Pickers have test_pick_from_many.py; what pages read is counted in
tests/console/test_read_bounded_rows.py."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from tests.house.source import parsed
from tests.house.unbounded import Found, fields_that_offer_all, functions_giving_many, unbounded_in

ROOMS = ("/pages/", "/api/", "/queries.py", "harriet/console/")
ELSEWHERE = ("/management/", "/setup_file/")
"""Commands, which go through everything some at a time."""
EXCEPTIONS = {
    "harriet/console/control_files/rendered.py content_of": "a machine's file names every server that its group has",
    "connectors/api/policy.py ScopeSerializer.get_tools": "a scope names at most a hundred",
    "connectors/pages/access_step.py _as_caller": "of one person",
    "connectors/pages/forms.py ToolForm.of": "of one tool, read with it",
    "connectors/pages/tool_table.py _groups_for": "of a tool of the page, read with it",
    "connectors/pages/tool_table.py _roles_for": "the same",
}


def found_in_house() -> list[Found]:
    trees = list(parsed())
    giving = functions_giving_many(trees)
    rooms = [(str(path), tree) for path, tree in trees if any(room in f"/{path}" for room in ROOMS)]
    pages = [(path, tree) for path, tree in rooms if not any(room in path for room in ELSEWHERE)]
    assert len(pages) > 200, "the rooms are somewhere else now"
    return [found for path, tree in pages for found in unbounded_in(path, tree, giving)]


def test_nothing_is_read_without_a_bound() -> None:
    found = found_in_house()
    new = [f"{one.where}, line {one.line}: {one.what}" for one in found if one.where not in EXCEPTIONS]
    assert new == [], "slice it, page through it, or count it"
    assert EXCEPTIONS.keys() - {one.where for one in found} == set(), "these are bounded by now"


def test_no_form_and_no_route_offers_all_rows_of_a_model() -> None:
    """Forms have pickers, which search; a program's names are looked up together, within its organization."""
    found = [one for path, tree in parsed() for one in fields_that_offer_all(str(path), tree)]
    assert [one for one in found if not one.where.startswith("harriet/console/records/")] == []


@pytest.mark.parametrize(
    "text",
    [
        "from django import forms\nclass A(forms.Form):\n    people = forms.ModelChoiceField(User.objects.all())",
        "from django.forms import ModelMultipleChoiceField as Many",
        "from django import forms\nclass A(forms.ModelForm):\n    pass",
        "from rest_framework import serializers as s\ntool = s.PrimaryKeyRelatedField(queryset=Tool.objects.all())",
    ],
)
def test_each_such_field_is_found(text: str) -> None:
    assert fields_that_offer_all("page.py", ast.parse(text))


PLANTED = {
    "a list": "people = list(Membership.objects.filter(organization=organization))",
    "a loop": "for tool in Tool.objects.all().order_by('name'):\n        pass",
    "a comprehension": "return [group.name for group in organization.groups.exclude(slug='x')]",
    "a relation": "return sorted(profile.people.all(), key=str)",
    "all of a relation, in a set": "return {person.pk for person in profile.people.select_related('user')}",
    "pairs": "return list(Profile.people.through.objects.filter(profile=profile))",
    "a name": "found = Connector.objects.filter(organization=organization)\n    return list(found.values_list('pk'))",
    "a template": "return render(request, 'a.html', {'tools': Tool.objects.filter(connector=connector)})",
    "a function that gives them": "return list(tools_here(connector).only('name'))",
    "an iterator": "return {one.pk for one in Device.objects.iterator()}",
    "spread": "return [*User.objects.filter(is_active=True)]",
    "ids of another query": "return list(Tool.objects.filter(connector__in=Connector.objects.filter(kind='x')))",
}
BOUNDED = {
    "sliced": "return list(Membership.objects.filter(organization=organization)[:50])",
    "sliced later": "found = Tool.objects.all()\n    found = found[:20]\n    return list(found)",
    "by ids": "return list(Tool.objects.filter(pk__in=[row.pk for row in page]))",
    "counted": "return Tool.objects.filter(connector=connector).count()",
    "counted by few": "return dict(Tool.objects.values_list('state').annotate(Count('pk')))",
    "one": "return list(connector.tools.filter(name='x').first())",
    "few by nature": "return list(Domain.objects.filter(organization=organization))",
    "narrowed": "return list(tools_here(Tool.objects.filter(pk__in=ids)))",
    "handed on": "return Tool.objects.filter(connector=connector)",
}
_GIVING = "def tools_here(connector) -> QuerySet[Tool]:\n    return Tool.objects.filter(connector=connector)\n\n"


def found_in(body: str) -> list[Found]:
    tree = ast.parse(dedent(f"{_GIVING}def view(request):\n    {body}\n"))
    return unbounded_in("page.py", tree, functions_giving_many([("page.py", tree)]))  # type: ignore[list-item]


@pytest.mark.parametrize("body", PLANTED.values(), ids=PLANTED)
def test_each_kind_of_fault_is_found(body: str) -> None:
    assert [one.where for one in found_in(body)] == ["page.py view"]


@pytest.mark.parametrize("body", BOUNDED.values(), ids=BOUNDED)
def test_what_is_bounded_is_none(body: str) -> None:
    assert found_in(body) == []
