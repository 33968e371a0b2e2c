"""The tests' own ground: a database that each test finds as the migrations left it."""

import psycopg
import pytest

from harriet.people.models import Organization, User


def test_the_cast_is_there(cast: object) -> None:
    assert User.objects.count() == 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_each_transactional_test_starts_clean(turn: int) -> None:
    assert not Organization.objects.exists()
    Organization.objects.create(slug="acme", name="Acme")


@pytest.mark.django_db(transaction=True)
def test_the_runtime_role_owns_nothing(runtime_url: str) -> None:
    with psycopg.connect(runtime_url) as connection:
        owned = connection.execute("SELECT relname FROM pg_class WHERE relowner = current_user::regrole").fetchall()
        assert owned == []
        connection.execute("SELECT count(*) FROM people_user")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
