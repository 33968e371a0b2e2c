"""Each answer of a provider is met by what renews grants, and what became of it is as docs/oauth-scoreboard.md says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

import pytest
from django.db.models import F

from connectors.access.facts import ConnectorRow
from connectors.access.load import load
from harriet.gateway.steps.caller_words import for_caller
from harriet.people.models import Notice
from tests.oauth.answers_of_providers import PARTS, Case
from tests.servers.running import ROOT
from tests.servers.token_endpoint import Form, Reply, TokenEndpoint
from tests.stage.cast import Cast
from tests.stage.connectors import connector
from tests.stage.oauth import give_secret, make_client, make_grant
from vault.errors import NeedsConsent, NeedsOperator, OutcomeUnknown, TokenProblem
from vault.models import OAuthClient, OAuthGrant
from vault.oauth import refresh
from vault.oauth.tokens import access_token

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
    cases = list(chain.from_iterable(PARTS.values()))
    assert len({case.title for case in cases}) == len(cases) >= FEWEST
    parts = [
        f"\n## {title}\n\n| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
        + "".join(_line(case, cast, endpoint, row) for case in told)
        for title, told in PARTS.items()
    ]
    measured = f"{HEAD}\n{len(cases)} answers.\n{''.join(parts)}"
    if request.config.getoption("--write"):
        DOCUMENT.write_text(measured)
    assert measured == DOCUMENT.read_text(), "python -m tests.oauth.scoreboard"


def _line(case: Case, cast: Cast, endpoint: TokenEndpoint, row: ConnectorRow) -> str:
    client = give_secret(make_client(cast.acme, case.address.strip() if case.address else endpoint.url))
    grant = make_grant(cast, client, cast.dana, "rt-first")
    endpoint.answers = Replies(case.replies or (Reply(),))
    taken, call = "", ""
    for _ in case.replies or ("",):
        taken, call = _met(_passed(grant), row)
    grant.refresh_from_db()
    told = {user: _told(user.pk) for user in (cast.dana, cast.alice)}
    answer = grant.last_answer.replace(endpoint.url, "…")
    client.delete()
    Notice.objects.all().delete()
    cells = (case.title, taken, answer, told[cast.dana], told[cast.alice], call)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") or "nothing" for cell in cells) + " |\n"


def _passed(grant: OAuthGrant) -> OAuthGrant:
    """The token is over, and so is whatever pause there was."""
    back = timedelta(hours=2)
    names = ("access_expires_at", "next_refresh_at", "answered_at")
    OAuthGrant.objects.filter(pk=grant.pk).update(**{name: F(name) - back for name in names})
    OAuthClient.objects.filter(pk=grant.client_id).update(retry_at=F("retry_at") - back)
    return grant


def _met(grant: OAuthGrant, row: ConnectorRow) -> tuple[str, str]:
    try:
        access = access_token(grant.pk)
    except TokenProblem as problem:
        return _KINDS.get(type(problem), "nobody’s business"), for_caller(problem, row).replace(str(row.id), "…")
    grant.refresh_from_db()
    lasts = round((access.expires_at - (grant.answered_at or access.expires_at)).total_seconds())
    return f"tokens, for {lasts:,} seconds", "its result"


_KINDS: dict[type[TokenProblem], str] = {
    NeedsConsent: "the person’s business",
    OutcomeUnknown: "outcome unknown",
    NeedsOperator: "an admin’s business",
}


def _told(user_id: object) -> str:
    return " ".join(Notice.objects.filter(user=user_id, settled_at=None).values_list("text", flat=True))
