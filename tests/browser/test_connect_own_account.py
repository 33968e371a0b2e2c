"""Two employees connect their own accounts in Chromium, at a strict provider; from then on each one's calls bear that
one's token: through two processes, in both eras, a thousand calls at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from harriet.people.models import User
from tests.servers.oidc_provider import Protected, Provider
from tests.stage.cast import Cast
from tests.stage.clients import Client, ModernClient
from tests.stage.grants import registration
from tests.stage.own_accounts import OwnAccounts
from tests.stage.processes import Gateway, Running
from tests.stage.site import Site, follow, press
from tests.stage.tokens import device_token
from vault.models import OAuthGrant
from vault.oauth.addresses import CALLBACK_PATH, name_of

pytestmark = pytest.mark.browser
CALLS = 1000
SCOPES = "tools.read tools.write"


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    process = Provider(log=tmp_path / "provider.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def server(provider: Provider, tmp_path: Path) -> Iterator[Protected]:
    process = Protected(provider, log=tmp_path / "server.log")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def office(site: Site, cast: Cast, provider: Provider, server: Protected) -> OwnAccounts:
    redirect_url = f"{site.url}/{CALLBACK_PATH}/{name_of(provider.url)}"
    known = provider.register(redirect_uris=[redirect_url])
    return OwnAccounts(cast, server.mcp, registration(cast.acme, provider.url, known=known), scopes=SCOPES)


@pytest.fixture
def other_process(site: Site, tmp_path: Path) -> Iterator[Gateway]:
    process = Gateway(log=tmp_path / "other.log", HARRIET_BASE_URL=site.url, DJANGO_ALLOW_ASYNC_UNSAFE="")
    process.wait()
    yield process
    process.stop()


def sign_in_there(page: Page, account: str) -> None:
    page.locator("input[name=login]").fill(account)
    page.locator("input[name=password]").fill("any")
    for _ in range(2):
        with page.expect_navigation():  # or the second press may meet the first page
            page.locator("button[type=submit]").click()


def connect(site: Site, user: User, link: str, account: str) -> Page:
    page = site.page(user)
    page.goto(link)
    follow(page, "Connect", exact=True)
    expect(page.locator("main")).to_contain_text("You leave Harriet and come to 127.0.0.1")
    press(page, "Go to 127.0.0.1")
    sign_in_there(page, account)
    expect(page.locator("main")).to_contain_text(f"CRM is connected as {account}.")
    assert "code=" not in page.url and "state=" not in page.url
    return page


def refused_with_link(client: Client) -> str:
    answer = client.call("echo", {"text": "before"})
    assert answer.result["isError"], answer.body
    assert "needs your own account there" in answer.text and "The call was not made" in answer.text
    link = next(word for word in answer.text.split() if word.startswith("http"))
    assert "?" not in link and "dana" not in link and "bob" not in link
    return link


def test_each_ones_calls_bear_that_ones_token(
    site: Site, cast: Cast, provider: Provider, server: Protected, office: OwnAccounts, other_process: Gateway
) -> None:
    people = {"dana@acme.test": cast.dana, "bob@acme.test": cast.bob}
    tokens = {account: device_token(cast.acme, user) for account, user in people.items()}
    processes, kinds = (Running(site.url), other_process), (Client, ModernClient)
    clients = {
        account: [kind(process, token) for process in processes for kind in kinds] for account, token in tokens.items()
    }
    for account, user in people.items():
        for client in clients[account]:
            client.until(200)
        link = refused_with_link(clients[account][0])
        connect(site, user, link, account)
    assert not server.calls, "nothing had arrived before they connected"
    wanted = [(account, number) for number, account in zip(range(CALLS), cycle(people), strict=False)]

    def call(one: tuple[str, int]) -> str:
        account, number = one
        said = f"{account} {number}"
        answer = clients[account][number % 4].call("echo", {"text": said})
        return "" if answer.status == 200 and answer.text == said else f"{said}: {answer.body!r}"

    with ThreadPoolExecutor(12) as threads:
        wrong = list(filter(None, threads.map(call, wanted)))
    assert not wrong, wrong[:3]
    logged = [(one["subject"], one["arguments"]["text"]) for one in server.calls]
    assert len(logged) == CALLS
    assert [one for one in logged if one[0] != one[1].split()[0]] == [], "a call bore somebody else's token"
    assert Counter(subject for subject, _ in logged) == dict.fromkeys(people, CALLS // 2)
    assert {one.account for one in OAuthGrant.objects.all()} == set(people)


def test_what_goes_wrong_there_is_told_here(
    site: Site, cast: Cast, provider: Provider, server: Protected, office: OwnAccounts
) -> None:
    page = site.page(cast.dana)
    page.goto(f"/me/connections/{office.connector.pk}/connect/")
    press(page, "Go to 127.0.0.1")
    follow(page, "Cancel")
    expect(page.locator("main")).to_contain_text("so nothing was connected")
    press(page, "Go to 127.0.0.1")
    sign_in_there(page, "dana@gmail.com")
    expect(page.locator("main")).to_contain_text("CRM is connected as dana@gmail.com")
    page.get_by_role("button", name="Disconnect CRM").click()
    expect(page.locator("main")).to_contain_text("The provider confirmed that it took the access back")
    assert not server.calls
