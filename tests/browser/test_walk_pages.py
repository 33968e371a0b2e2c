"""Every page, with nothing in it and with much: axe-core, console, content policy, widths, bytes, requests."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from tests.browser import pages
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.site import Site
from tests.stage.visit import look_at

pytestmark = pytest.mark.browser


def walk(page: Page, paths: list[str]) -> None:
    """Looks at all of them before it complains, so that one run tells everything."""
    seen = [look_at(page, path) for path in paths]
    found = [str(visit) for visit in seen if visit.findings]
    assert not found, "\n".join(found)


def test_pages_of_an_empty_organization(site: Site, cast: Cast) -> None:
    walk(site.page(cast.alice), pages.lists())


def test_pages_of_a_busy_organization(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    walk(site.page(cast.alice), [*pages.lists(), *pages.details(cast), *pages.changing(cast), *pages.own_account(cast)])


def test_pages_of_a_member_and_an_approver(site: Site, cast: Cast) -> None:
    make_busy_company(cast)
    walk(site.page(cast.dana), pages.own(cast))
    walk(site.page(cast.bob), [reverse("console:overview"), reverse("tickets:detail", args=[1])])


def test_pages_for_people_who_are_not_signed_in(site: Site, cast: Cast) -> None:
    page = site.page()
    walk(page, [reverse(name) for name in pages.SIGNED_OUT])
    gone = [look_at(page, path, expect=404) for path in ("/setup/wrong/", "/join/wrong/")]
    assert not [str(visit) for visit in gone if visit.findings]


def test_page_that_is_not_there(site: Site, cast: Cast) -> None:
    seen = look_at(site.page(cast.alice), "/settings/integrations/0190a0f0-0000-7000-8000-000000000000/", expect=404)
    assert not seen.findings, str(seen)
