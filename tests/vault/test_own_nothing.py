"""The vault works as the role that Harriet runs as, which owns no table."""

import pytest
from django.db import connection

from harriet.start.postgres import RUNTIME
from tests.stage.cast import Cast
from tests.stage.credentials import save_token
from vault.actions.check_root_key import check_root_key
from vault.actions.delete_credential import delete_credential
from vault.actions.remind_of_rotations import remind_of_rotations
from vault.actions.touch_used import touch_used
from vault.models import DataKey
from vault.verify import verify_vault


@pytest.mark.django_db
def test_the_runtime_role_may_do_all_that_the_vault_does(cast: Cast) -> None:
    DataKey.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {RUNTIME}")
    check_root_key()
    credential = save_token(cast, rotate_every_days=2)
    save_token(cast, credential.connector_id, secret="the-second", rotate_every_days=2)
    touch_used([credential.connector_id])
    assert remind_of_rotations() == 1
    assert verify_vault().problems == []
    assert delete_credential(credential.connector_id, actor=cast.actor(cast.alice))
