"""The field's own tester goes through everything that SCIM asks of a server, as it is told by Harriet itself."""

from __future__ import annotations

import pytest
from django.core.wsgi import get_wsgi_application

from tests.stage.cast import Cast
from tests.stage.directory import directory

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_tester_finds_nothing_wrong(committed_cast: Cast) -> None:
    # Imported here: it takes seconds, which every worker would spend.
    from scim2_client.engines.wsgi import WSGISCIMClient
    from scim2_models import ScimPolicy, ScimProvider
    from scim2_tester import Status, check_server

    made = directory(committed_cast)
    client = WSGISCIMClient(
        get_wsgi_application(),
        base_url="http://testserver/scim/v2/acme",
        headers={"Authorization": f"Bearer {made.token}"},
        provider=ScimProvider(policy=ScimPolicy()),
    )
    results = check_server(client)
    wrong = [f"{one.title}: {one.reason}" for one in results if one.status in (Status.ERROR, Status.CRITICAL)]
    assert not wrong, "\n".join(wrong)
    done = [one for one in results if one.status == Status.SUCCESS]
    assert len(done) > 40, [f"{one.title} {one.status}" for one in results]
