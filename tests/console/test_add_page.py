"""Adding a page: each place that it takes is walked here, and a place that is missing is named."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from inspect import get_annotations

import pytest
from django.test import Client

import harriet.urls  # noqa: F401  (imports every page)
from harriet.console.navigation import sections_for
from harriet.pages.context import PageContext
from harriet.pages.icons import ICONS
from harriet.people.models import Membership
from tests.browser.pages import LISTS
from tests.console.addresses import every_address
from tests.console.page_names import family, names_asked, names_made, nodes_of
from tests.house.source import BASE, source_files
from tests.stage.cast import Cast


def every_page(base: type[PageContext] = PageContext) -> Iterator[type[PageContext]]:
    """With a template of its own; slots make a second class of each, which is the same."""
    for page in base.__subclasses__():
        if hasattr(page, "template"):
            yield page
        yield from every_page(page)


VIEW = re.compile(r"^def ([a-z]\w*)\(\s*request: ", re.MULTILINE)
PAGES = sorted(
    {page.__qualname__ + page.__module__: page for page in every_page()}.values(), key=lambda page: page.template
)


def declared(page: type[PageContext]) -> set[str]:
    kinds = page.__mro__
    properties = {name for kind in kinds for name, value in vars(kind).items() if isinstance(value, property)}
    return properties | {name for kind in kinds for name in get_annotations(kind)}


def test_every_view_has_an_address() -> None:
    """Whatever takes a request is named again: by a urls.py, by a setting, or by what has an address."""
    texts = {path.relative_to(BASE): path.read_text() for path in source_files()}
    views = [(path, view) for path, text in texts.items() for view in VIEW.findall(text)]
    named = Counter(name for text in texts.values() for name in re.findall(r"\w+", text))
    assert len(views) > 100
    assert [f"{path}: {view}" for path, view in views if named[view] == 1] == [], "no urls.py names these"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.template)
def test_a_template_asks_for_nothing_that_its_page_does_not_declare(page: type[PageContext]) -> None:
    """Django shows nothing where a name is missing, and says nothing."""
    missing = names_asked(page.template) - names_made(page.template) - declared(page)
    assert not missing, f"{page.__module__}.{page.__qualname__} lacks what {page.template} shows: {missing}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.template)
def test_a_page_declares_nothing_that_nobody_shows(page: type[PageContext]) -> None:
    own = set(get_annotations(page)) | {name for name, value in vars(page).items() if isinstance(value, property)}
    kinds = [one for one in PAGES if issubclass(one, page)]
    asked = {name for one in kinds for name in names_asked(one.template)}
    unused = {name for name in own - asked if f"self.{name}" not in inspect.getsource(page)}
    assert not unused, f"{page.__qualname__}: no template shows {unused}"


def test_every_page_of_the_rail_is_there_and_marked(cast: Cast, client: Client) -> None:
    """Its entry has an icon, an address that an owner can open, and is the current one there."""
    client.force_login(cast.alice)
    owner = Membership.objects.select_related("organization").get(user=cast.alice)
    entries = [entry for section in sections_for(owner, tickets=0) for entry in section.entries]
    for entry in entries:
        assert entry.icon in ICONS, entry
        answer = client.get(entry.url)
        assert answer.status_code == 200, entry
        assert f'href="{entry.url}" aria-current="page"' in answer.content.decode(), f"{entry.key} is not marked"
    everybody = sections_for(owner, tickets=0, is_operator=True)
    known = {entry.key for section in everybody for entry in section.entries} | {""}
    assert {page.active for page in PAGES} <= known, "a page names an entry that the rail has not"


@pytest.mark.django_db
def test_every_list_is_walked_in_a_browser(cast: Cast, client: Client) -> None:
    """Pages without an id in their address: at 360 and 1440 px, light and dark, by axe-core. Records have a walk of
    their own."""
    client.force_login(cast.alice)
    opened = set()
    for address in every_address({}):
        if address.has_ids or address.name.split(":")[0] in {"api", "admin"}:
            continue
        answer = client.get(address.path)
        # Parts that open pages ask for are no pages.
        if answer.status_code == 200 and b"<html" in getattr(answer, "content", b""):
            opened.add(address.name)
    ours = {name for name in opened if ":" in name}
    assert ours <= set(LISTS), "LISTS in tests/browser/pages.py"


def test_templates_of_problems_need_nothing_that_may_be_broken() -> None:
    """No user, no session, no database: only the style sheets' addresses, and a reason where there is one."""
    for template, asked in (("500.html", set()), ("400.html", {"reason"})):
        assert names_asked(template) == asked
        assert family(template) == [template, "base_bare.html"]
        assert not [
            node for name in family(template) for node in nodes_of(name) if "csrf" in type(node).__name__.lower()
        ]
