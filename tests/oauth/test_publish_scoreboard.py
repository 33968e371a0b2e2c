"""Each answer of a provider is met by what renews grants, and what became of it is as docs/oauth-scoreboard.md says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import chain

import pytest
from django.db.models import F

from connectors.access.facts import ConnectorRow
from connectors.access.load import load
from harriet.gateway.steps.caller_words import for_caller
from harriet.people.models import Notice
from tests.oauth.answers_of_providers import PARTS, Case
from tests.oauth.answers_to_exchanges import PARTS_OF_EXCHANGES, TWO_STEPS, Exchanged, assertion, sign_in, token
from tests.servers.running import ROOT
from tests.servers.token_endpoint import Form, Reply, TokenEndpoint
from tests.stage.cast import Cast
from tests.stage.company_sign_ins import exchanging_credential, sign_in_kept
from tests.stage.connectors import connector
from tests.stage.oauth import give_secret, make_client, make_grant
from vault.errors import NeedsConsent, NeedsOperator, NeedsSignIn, OutcomeUnknown, TokenProblem
from vault.models import OAuthClient, OAuthGrant
from vault.oauth import refresh, sign_in_exchange
from vault.oauth.tokens import OpenAccess, SealedAccess, access_token
from vault.oauth.whose import access_for

pytestmark = pytest.mark.django_db
DOCUMENT = ROOT / "docs/oauth-scoreboard.md"
FEWEST = 60
TIME = 3.0
"""Seconds that an answer may take here."""
HEAD = """# What is made of each answer of a provider

Each row is an answer of a token endpoint to a renewal, given by a server on this machine and met by what renews grants
([renewal.md](renewal.md)). `python -m tests.oauth.scoreboard` measures it, and a test fails when this page says
something else. “Nothing” means that nobody is told: it is tried again by itself, and calls go on with the token that
there is while it is good. What a call is told is told once that token is over.

The last three parts are about what company sign-ins are exchanged for ([servers.md](servers.md), *Company sign-ins that
are exchanged*): answers to the first exchange of a sign-in.
"""
COLUMNS = ("answer", "taken for", "the grant’s page says", "the person is told", "admins are told", "a call is told")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[TokenEndpoint]:
    with TokenEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def row(cast: Cast) -> ConnectorRow:
    made = connector(cast.acme, "https://crm.example/mcp")
    return load(cast.acme.pk).connectors[made.id]


class Replies:
    """One after the other; the last goes on."""

    def __init__(self, replies: tuple[Reply, ...]) -> None:
        self._replies = list(replies)

    def __call__(self, _form: Form) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


def test_the_scoreboard_is_what_happens(
    cast: Cast,
    endpoint: TokenEndpoint,
    row: ConnectorRow,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setattr(refresh, "DEADLINE_SECONDS", TIME)
    monkeypatch.setattr(sign_in_exchange, "FIRST_DEADLINE_SECONDS", TIME)
    cases = list(chain.from_iterable(PARTS.values()))
    assert len({case.title for case in cases}) == len(cases) >= FEWEST
    parts = [_head(title) + "".join(_line(case, cast, endpoint, row) for case in told) for title, told in PARTS.items()]
    exchanges = _exchanges(cast, endpoint, row)
    count = len(cases) + sum(len(told) for told in PARTS_OF_EXCHANGES.values())
    measured = f"{HEAD}\n{count} answers.\n{''.join((*parts, *exchanges))}"
    if request.config.getoption("--write"):
        DOCUMENT.write_text(measured)
    assert measured == DOCUMENT.read_text(), "python -m tests.oauth.scoreboard"


def _head(title: str) -> str:
    return f"\n## {title}\n\n| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"


def _line(case: Case, cast: Cast, endpoint: TokenEndpoint, row: ConnectorRow) -> str:
    client = give_secret(make_client(cast.acme, case.address.strip() if case.address else endpoint.url))
    grant = make_grant(cast, client, cast.dana, "rt-first")
    endpoint.answers = Replies(case.replies or (Reply(),))
    taken, call = "", ""
    for _ in case.replies or ("",):
        taken, call = _met(partial(access_token, _passed(grant).pk), row)
    grant.refresh_from_db()
    line = _cells(case.title, taken, grant.last_answer.replace(endpoint.url, "…"), cast, call)
    client.delete()
    return line


def _cells(title: str, taken: str, answer: str, cast: Cast, call: str) -> str:
    told = {user: _told(user.pk) for user in (cast.dana, cast.alice)}
    Notice.objects.all().delete()
    cells = (title, taken, answer, told[cast.dana], told[cast.alice], call)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") or "nothing" for cell in cells) + " |\n"


def _exchanges(cast: Cast, endpoint: TokenEndpoint, row: ConnectorRow) -> list[str]:
    """One endpoint plays both, identity provider and issuer."""
    client = give_secret(make_client(cast.acme, endpoint.url))
    sign_in_kept(cast, endpoint.url, sign_in())
    return [
        _head(title) + "".join(_exchanged(case, cast, endpoint, row, client) for case in told)
        for title, told in PARTS_OF_EXCHANGES.items()
    ]


def _exchanged(case: Exchanged, cast: Cast, endpoint: TokenEndpoint, row: ConnectorRow, client: OAuthClient) -> str:
    sealed = exchanging_credential(cast, row, client, case.steps)
    replies, taken, call = list(case.replies), "", ""

    def answer(form: Form) -> Reply:
        is_provider = form.get("requested_token_type", "").endswith("id-jag")
        if case.steps == TWO_STEPS and is_provider != case.is_of_provider:
            return assertion() if is_provider else token()
        return (replies.pop(0) if len(replies) > 1 else replies[0])()

    endpoint.answers = answer
    for _ in case.replies:
        OAuthGrant.objects.filter(client=client).update(next_refresh_at=None, failures=0)
        OAuthClient.objects.filter(pk=client.pk).update(retry_at=None)
        taken, call = _met(partial(access_for, sealed, cast.dana.pk), row)
    said = OAuthGrant.objects.get(client=client).last_answer.replace(endpoint.url, "…")
    line = _cells(case.title, taken, said, cast, call)
    OAuthGrant.objects.filter(client=client).delete()
    OAuthClient.objects.filter(pk=client.pk).update(retry_at=None, problem="", problem_at=None)
    return line


def _passed(grant: OAuthGrant) -> OAuthGrant:
    """The token is over, and so is whatever pause there was."""
    back = timedelta(hours=2)
    names = ("access_expires_at", "next_refresh_at", "answered_at")
    OAuthGrant.objects.filter(pk=grant.pk).update(**{name: F(name) - back for name in names})
    OAuthClient.objects.filter(pk=grant.client_id).update(retry_at=F("retry_at") - back)
    return grant


def _met(asked: Callable[[], OpenAccess | SealedAccess], row: ConnectorRow) -> tuple[str, str]:
    try:
        access = asked()
    except TokenProblem as problem:
        return _KINDS.get(type(problem), "nobody’s business"), for_caller(problem, row).replace(str(row.id), "…")
    grant = OAuthGrant.objects.get(user__isnull=False)
    lasts = round((access.expires_at - (grant.answered_at or access.expires_at)).total_seconds())
    return f"tokens, for {lasts:,} seconds", "its result"


_KINDS: dict[type[TokenProblem], str] = {
    NeedsConsent: "the person’s business",
    NeedsSignIn: "the person’s business",
    OutcomeUnknown: "outcome unknown",
    NeedsOperator: "an admin’s business",
}


def _told(user_id: object) -> str:
    return " ".join(Notice.objects.filter(user=user_id, settled_at=None).values_list("text", flat=True))
