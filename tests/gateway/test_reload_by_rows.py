"""After thousands of random changes of any column of any table, what a process holds by rereading the rows that changed
is what one holds that reads everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from harriet.gateway.policy.compile import compile_snapshot, snapshot_now
from harriet.gateway.policy.last_known import forget
from harriet.gateway.policy.principal import Principal
from harriet.gateway.policy.snapshot import Snapshot, view_of
from harriet.gateway.policy.view import View
from harriet.gateway.processes.database import conninfo
from harriet.people import changes
from harriet.people.actions.forget_changes import forget_changes
from harriet.people.models import Change, ForgottenChanges, Organization
from tests.campaigns import IS_WHOLE
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.facts import bearers_in

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS, AT_ONCE = (800, 12) if IS_WHOLE else (60, 12)
SEED = random.randrange(10**6) if IS_WHOLE else 12
APPS = ("people", "connectors", "vault", "signin")
NEVER = {"people.Change", "people.ForgottenChanges", "people.OrganizationVersion", "vault.DataKey"}
"""How changes are told; and keys, of which a wrong one opens nothing."""


def changing_models() -> list[type[models.Model]]:
    found = [model for app in APPS for model in apps.get_app_config(app).get_models(include_auto_created=True)]
    return [model for model in found if model._meta.label not in NEVER and rows_of(model)]


def rows_of(model: Any) -> list[Any]:
    """The keys of rows; of what belongs to an organization, Acme's: nothing leads from one into another."""
    rows = model._default_manager.order_by("pk")
    if any(field.name == "organization" for field in model._meta.concrete_fields):
        rows = rows.filter(organization__slug="acme")
    return list(rows.values_list("pk", flat=True))


def changing(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns that may change."""
    fixed = ("organization", "slug") if model is Organization else ("organization",)
    found = model._meta.concrete_fields
    return [one for one in found if not one.primary_key and not one.generated and one.name not in fixed]


def some_value(field: models.Field[Any, Any], chance: random.Random) -> Any:
    """A value that the column may have, of those that mean something. Raises LookupError for columns of other kinds."""
    if field.null and chance.random() < 0.35:
        return None
    if field.choices:
        return chance.choice([value for value, _ in field.flatchoices])
    if isinstance(field, models.ForeignKey):
        return chance.choice(rows_of(field.related_model))
    return next(make for kind, make in MADE if isinstance(field, kind))(field, chance)


MADE: list[tuple[type[models.Field[Any, Any]], Callable[[Any, random.Random], Any]]] = [
    (models.BooleanField, lambda field, chance: chance.random() < 0.5),
    (models.DateTimeField, lambda field, chance: timezone.now() + timedelta(minutes=chance.choice((-90, 90)))),
    (models.IntegerField, lambda field, chance: chance.randrange(1, 9)),
    (models.BinaryField, lambda field, chance: chance.randbytes(32)),
    (ArrayField, lambda field, chance: [f"one-{chance.randrange(9)}"]),
    (models.CharField, lambda field, chance: f"some{chance.randrange(99)}"[: field.max_length]),
    (models.TextField, lambda field, chance: f"some{chance.randrange(99)}"),
    (models.Field, lambda field, chance: {}[field]),
]


def change_something(model: type[models.Model], chance: random.Random) -> None:
    """One row, as nobody's action would: deleted, copied with another key, or one column of it changed."""
    rows = model._default_manager
    row, dice = rows.get(pk=chance.choice(rows_of(model))), chance.random()
    if dice < 0.03 and model is not Organization:
        row.delete()
    elif dice < 0.15:
        row.pk = None
        for field in chance.sample(changing(model), min(3, len(changing(model)))):
            setattr(row, field.attname, some_value(field, chance))
        rows.bulk_create([row])
    else:
        field = chance.choice(changing(model))
        rows.filter(pk=row.pk).update(**{field.attname: some_value(field, chance)})


def change_at_random(found: list[type[models.Model]], chance: random.Random) -> int:
    done = 0
    for _ in range(AT_ONCE):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                change_something(chance.choice(found), chance)
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            done += 1
        except (DatabaseError, LookupError, IndexError, ValueError):
            continue  # no such row may be
    return done


def values(principal: Principal) -> tuple[Any, ...]:
    return tuple(getattr(principal, field.name) for field in fields(principal))


def shown(view: View) -> Any:
    every = {**view.grants, **view.prompts, **{str(key): grant for key, grant in view.resources.items()}}
    grants = {name: (one.tool, one.reason, one.gate, one.open) for name, one in every.items() if not one.is_own}
    return grants, set(every), view.hidden, view.beyond, view.readable, view.watched, view.changing


def differing(one: Any, other: Any) -> Any:
    """Only what differs, which is short enough to be read; {} for nothing."""
    if one == other:
        return {}
    if is_dataclass(one) and type(one) is type(other):
        one, other = ({field.name: getattr(row, field.name) for field in fields(row)} for row in (one, other))
    if not isinstance(one, dict) or not isinstance(other, dict):
        return one, other
    pairs = {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys()}
    return {key: differing(*pair) for key, pair in pairs.items() if pair[0] != pair[1]}


def compare(kept: Snapshot, fresh: Snapshot) -> None:
    assert differing(kept.facts, fresh.facts) == {}
    assert (kept.number, kept.profiles, kept.limits) == (fresh.number, fresh.profiles, fresh.limits)
    assert kept.credentials == fresh.credentials
    assert kept.opener._keyring._data_keys.keys() == fresh.opener._keyring._data_keys.keys()
    known = fresh.callers.known()
    for key, principal in kept.callers.known().items():
        assert key in known, "an access has ended"
        assert values(principal) == values(known[key])


def see(kept: Snapshot, fresh: Snapshot, chance: random.Random) -> None:
    """What some callers see of some profiles, in views that may be older than the last change."""
    known = sorted(fresh.callers.known().values(), key=lambda one: one.token_id)
    for principal in chance.sample(known, min(3, len(known))):
        for slug, profile in fresh.profiles.items():
            assert kept.may_enter(principal, kept.profiles[slug]) == fresh.may_enter(principal, profile)
            assert shown(view_of(kept, principal, kept.profiles[slug])) == shown(view_of(fresh, principal, profile))


def test_rows_that_changed_lead_to_what_everything_does(cast: Cast) -> None:
    make_busy_company(cast)
    chance, found, done = random.Random(SEED), changing_models(), 0
    kept = compile_snapshot(cast.acme.pk)
    assert kept is not None
    for _ in range(ROUNDS):
        done += change_at_random(found, chance)
        known = bearers_in(cast.acme.pk)
        kept = compile_snapshot(cast.acme.pk, kept)
        forget(cast.acme.pk)
        fresh = compile_snapshot(cast.acme.pk, None, known)
        assert kept is not None and fresh is not None
        compare(kept, fresh)
        kept.callers.keep(known)
        see(kept, fresh, chance)
    assert done > ROUNDS * AT_ONCE / 4


def renamed(cast: Cast) -> None:
    Organization.objects.filter(pk=cast.acme.pk).update(name="Another name")


def changed_since(cast: Cast, snapshot: Snapshot) -> changes.Changes | None:
    return changes.changes_since(cast.acme.pk, snapshot.moment, changes.moment())


def test_after_very_many_changes_and_after_deleted_ones_everything_is_read(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compile_snapshot(cast.acme.pk)
    assert first is not None
    assert changed_since(cast, first) == {}
    renamed(cast)
    assert changed_since(cast, first) == {"settings": {cast.acme.pk}}
    with monkeypatch.context() as few:
        few.setattr(changes, "MOST", 0)
        assert changed_since(cast, first) is None
    Change.objects.update(at=Now() - timedelta(hours=2))
    assert forget_changes() > 0 and not Change.objects.exists()
    assert changed_since(cast, first) is None
    second = compile_snapshot(cast.acme.pk, first)
    assert second is not None and second.facts.name == "Another name"
    assert changed_since(cast, second) == {}


def test_what_another_server_forgot_says_nothing(cast: Cast) -> None:
    """A copy of the database brings numbers of transactions along that its new server comes to much later."""
    first = compile_snapshot(cast.acme.pk)
    assert first is not None
    ForgottenChanges.objects.create(organization_id=cast.acme.pk, transaction=2**40)
    assert changed_since(cast, first) == {}


def test_what_commits_late_is_not_missed(cast: Cast) -> None:
    """A change whose transaction began before the last look, and ended after it."""
    with psycopg.connect(conninfo()) as late:
        late.execute("UPDATE people_organization SET name = 'Late' WHERE id = %s", [cast.acme.pk])
        Organization.objects.filter(pk=cast.globex.pk).update(name="Meanwhile")
        first = compile_snapshot(cast.acme.pk)
        assert first is not None and first.facts.name == "Acme"
    second = compile_snapshot(cast.acme.pk, first)
    assert second is not None and second.facts.name == "Late"


def test_a_page_reads_what_its_own_transaction_changed(cast: Cast) -> None:
    first = compile_snapshot(cast.acme.pk)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        renamed(cast)
        now = snapshot_now(cast.acme.pk)
        assert now is not None and now.facts.name == "Another name" and now.facts.tools is first.facts.tools  # type: ignore[union-attr]
        1 / 0  # noqa: B018
    later = snapshot_now(cast.acme.pk)
    assert later is not None and later.facts.name == "Acme"
