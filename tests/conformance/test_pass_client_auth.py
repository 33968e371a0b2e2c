"""The suite's client scenarios about authorization, against `manage.py probe --sign-in`: Harriet as an OAuth client."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance.conftest import Command
from tests.conformance.report import note
from tests.conformance.suite import Ran, client_scenarios, run_client, table

BOTH = (
    *("metadata-default", "metadata-var1", "metadata-var2", "metadata-var3", "basic-cimd"),
    *("scope-from-www-authenticate", "scope-from-scopes-supported", "scope-omitted-when-undefined"),
    *("scope-step-up", "scope-retry-limit", "pre-registration"),
    *("token-endpoint-auth-basic", "token-endpoint-auth-post", "token-endpoint-auth-none"),
)
SCENARIOS = {
    "": ("client-credentials-basic", "client-credentials-jwt"),
    "2025-03-26": ("2025-03-26-oauth-metadata-backcompat",),
    "2025-11-25": BOTH,
    "2026-07-28": (
        *BOTH,
        *("resource-mismatch", "offline-access-scope", "offline-access-not-supported"),
        *("authorization-server-migration", "metadata-issuer-mismatch"),
        *("iss-supported", "iss-not-advertised", "iss-supported-missing"),
        *("iss-wrong-issuer", "iss-unexpected", "iss-normalized"),
    ),
}
NOT_RUN = {
    "2025-03-26-oauth-endpoint-fallback": "Guessed addresses say nothing of PKCE: nobody is sent there.",
    "enterprise-managed-authorization": "The probe has nobody's sign-in token that it could exchange.",
    "wif-jwt-bearer": "A draft: the probe runs as no workload with a token of its own.",
    "dpop": "A draft: Harriet sends bearer tokens, and refuses to keep another kind.",
    "dpop-nonce": "As above.",
}
"""Each with the reason."""
DOCUMENT = "https://conformance-test.local/client-metadata.json"
"""The suite's own name for the document of whoever it tests."""
AT_ONCE = 2


@pytest.mark.parametrize("revision", SCENARIOS)
def test_probe_passes_the_client_scenarios_about_authorization(manage: Command, revision: str, tmp_path: Path) -> None:
    command = manage("probe", "--exercise", "--sign-in", "--client-metadata", DOCUMENT)

    def run(scenario: str) -> Ran:
        folder = tmp_path / scenario
        folder.mkdir()
        return run_client(command, revision, f"auth/{scenario}", folder)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = dict(zip(SCENARIOS[revision], pool.map(run, SCENARIOS[revision]), strict=True))
    rows = [row for ran, _ in found.values() for row in ran]
    note(table(f"Client, authorization, {revision or 'extension'}, `manage.py probe --sign-in`", rows))
    assert [(row.scenario, row.failures) for row in rows if row.failed] == []
    assert {name: verdict for name, (_, verdict) in found.items() if verdict} == {}
    assert all(row.passed for row in rows) and len(rows) == len(SCENARIOS[revision])


def test_every_scenario_is_run_or_named_with_its_reason() -> None:
    """So that a new one of the suite doesn't stay unseen."""
    known = {name for names in SCENARIOS.values() for name in names} | NOT_RUN.keys()
    assert known == set(client_scenarios("auth/"))
