"""No page and no route reads as many rows as a company has: `unbounded.py` finds where one could, and each place where
that is right says why. Pickers have test_pick_from_many.py; what pages read is counted in
tests/console/test_read_bounded_rows.py."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from tests.house.source import parsed
from tests.house.unbounded import (
    Found,
    fields_that_offer_all,
    functions_giving_many,
    inner_lists_in,
    lists_in_template,
    unbounded_in,
)

TEMPLATES = Path(__file__).parents[2] / "templates"
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


INNER_LISTS = {
    "harriet/people/api/serializers.py": "an invitation's groups: those that its maker named",
    "connectors/api/reviews.py": "of one review, whose findings and comments have a bound when they are made",
    "approvals/api/runs.py": "of one run, whose steps have a bound; tried again by hand alone",
    "approvals/api/serializers.py": "decisions on one ticket: two at most for each edition",
    "approvals/api/workflows.py": "inputs of a workflow, in one column",
}
IN_TEMPLATES = {"profiles/scopes.html": "a scope names at most a hundred"}


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


def test_the_api_tells_no_list_within_something_whole() -> None:
    """harriet/people/api/inner_lists.py names the first and leads to all."""
    found = {one.where for path, tree in parsed() if "/api" in f"/{path}" for one in inner_lists_in(str(path), tree)}
    assert found == INNER_LISTS.keys(), "these are new, or gone"


def test_no_template_goes_through_all_of_a_relation() -> None:
    """Or asks how many there are: the page hands it the first, and a count with a bound."""
    files = [(str(path.relative_to(TEMPLATES)), path.read_text()) for path in TEMPLATES.rglob("*.html")]
    assert len(files) > 100, "the templates are somewhere else now"
    found = {one.where for name, text in files for one in lists_in_template(name, text)}
    assert found == IN_TEMPLATES.keys(), "take the first of them: all|slice"


def test_each_such_list_is_found() -> None:
    field = "class A(Serializer):\n    groups = SlugRelatedField(slug_field='slug', many=True, read_only=True)"
    assert inner_lists_in("api.py", ast.parse(field))
    assert not inner_lists_in("api.py", ast.parse(field.replace("read_only", "required")))
    for text in ("{% for group in person.groups.all %}", "{{ person.groups.all|length }}"):
        assert lists_in_template("a.html", text), text
    for text in ('{% for group in person.groups.all|slice:":8" %}', "{% for group in first_groups %}"):
        assert not lists_in_template("a.html", text), text


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
    "a page": "return PeoplePage(people=Membership.objects.filter(organization=organization))",
    "a function that goes through them": "return rows_of(Tool.objects.filter(connector=connector))",
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
_GIVING = (
    "def tools_here(connector) -> QuerySet[Tool]:\n    return Tool.objects.filter(connector=connector)\n\n"
    "def rows_of(tools: Iterable[Tool]) -> list[Row]:\n    return [Row(tool) for tool in tools]\n\n"
)


def found_in(body: str) -> list[Found]:
    tree = ast.parse(dedent(f"{_GIVING}def view(request):\n    {body}\n"))
    return unbounded_in("page.py", tree, functions_giving_many([("page.py", tree)]))  # type: ignore[list-item]


@pytest.mark.parametrize("body", PLANTED.values(), ids=PLANTED)
def test_each_kind_of_fault_is_found(body: str) -> None:
    assert [one.where for one in found_in(body)] == ["page.py view"]


@pytest.mark.parametrize("body", BOUNDED.values(), ids=BOUNDED)
def test_what_is_bounded_is_none(body: str) -> None:
    assert found_in(body) == []
