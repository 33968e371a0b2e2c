"""The form that takes a secret: exactly as entered, never rendered back, its errors beside their fields."""

from typing import Any

import pytest

from harriet.lib.ids import new_id
from tests.stage.cast import Cast
from tests.stage.credentials import TOKEN, save_token
from vault.actions.save_credential import save_credential
from vault.models import Credential
from vault.open import opener_for
from vault.pages.credential_form import CredentialForm
from vault.queries import credential_of, sealed_credentials

pytestmark = pytest.mark.django_db


def entered(cast: Cast, credential: Credential | None = None, **fields: Any) -> CredentialForm:
    given = {"type": "bearer", "owner": str(cast.alice.pk), **fields}
    return CredentialForm(given, organization=cast.acme, credential=credential)


def save(cast: Cast, form: CredentialForm) -> Credential:
    fields, (username, placement) = form.cleaned_data, form.entered
    return save_credential(
        cast.acme,
        new_id(),
        "CRM",
        type=fields["type"],
        secret=fields["secret"],
        username=username,
        placement=placement,
        owner=fields["owner"],
        rotate_every_days=fields["rotate_every_days"],
        actor=cast.actor(cast.alice),
    )


def saved_headers(cast: Cast) -> dict[str, str]:
    (sealed,) = sealed_credentials(cast.acme.pk).values()
    with opener_for(cast.acme.pk).credential(sealed) as opened:
        return dict(opened.headers)


def test_a_secret_is_saved_as_entered(cast: Cast) -> None:
    form = entered(cast, secret=TOKEN, rotate_every_days="30")
    assert form.is_valid()
    assert save(cast, form).rotate_every_days == 30
    assert saved_headers(cast) == {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("secret", {"secret": ""}),
        ("secret", {"secret": f"{TOKEN}\n"}),
        ("secret", {"secret": f" {TOKEN}"}),
        ("username", {"type": "basic", "secret": TOKEN, "username": "har:riet"}),
        ("name", {"secret": TOKEN, "name": "Host"}),
        ("template", {"type": "header", "secret": TOKEN, "name": "X-Auth", "template": "key="}),
        ("type", {"type": "magic", "secret": TOKEN}),
        ("rotate_every_days", {"secret": TOKEN, "rotate_every_days": "-1"}),
    ],
)
def test_errors_stand_beside_their_field_and_show_nothing(cast: Cast, field: str, fields: dict[str, str]) -> None:
    form = entered(cast, **fields)
    assert not form.is_valid()
    assert set(form.errors) == {field}
    shown = form.as_div()
    assert TOKEN not in shown
    assert TOKEN not in repr(form.cleaned_data)
    assert TOKEN not in repr(form)


def test_the_secret_is_not_rendered_back(cast: Cast) -> None:
    shown = entered(cast, secret=TOKEN, rotate_every_days="-1").as_div()
    assert 'type="password"' in shown
    assert 'autocomplete="off"' in shown
    assert TOKEN not in shown


def test_an_empty_secret_keeps_what_is_saved(cast: Cast) -> None:
    credential = credential_of(save_token(cast).connector_id)
    assert credential
    kept = {"place": "header", "name": "Authorization", "template": "Bearer {{secret}}"}
    form = entered(cast, credential, owner=str(cast.bob.pk), rotate_every_days="7", **kept)
    assert form.is_valid()
    assert form.is_kept


@pytest.mark.parametrize("changes", [{"place": "query", "name": "key"}, {"type": "basic"}, {"name": "X-Key"}])
def test_another_place_asks_for_the_secret_again(cast: Cast, changes: dict[str, str]) -> None:
    form = entered(cast, credential_of(save_token(cast).connector_id), **changes)
    assert not form.is_valid()
    assert "Enter the secret again" in form.errors["secret"][0]


def test_none_asks_for_nothing(cast: Cast) -> None:
    form = entered(cast, save_token(cast), type="none", username="harriet", name="X-Key")
    assert form.is_valid()
    assert form.entered == ("", {})


def test_the_saved_owner_is_shown_rather_than_a_suggestion(cast: Cast) -> None:
    credential = save_token(cast, owner=cast.bob)
    form = CredentialForm(organization=cast.acme, credential=credential, initial={"owner": cast.alice.pk})
    assert form.initial["owner"] == cast.bob.pk


def test_a_template_is_asked_for_a_custom_header_alone(cast: Cast) -> None:
    """What somebody typed for another type, and no longer sees, doesn't change how the secret is sent."""
    fields = entered(cast).fields
    places = {name: field.widget.attrs.get("data-for", "").split() for name, field in fields.items()}
    assert len(places["template"]) == 1 and len(places["username"]) == 1 and len(places["name"]) == 2
    form = entered(cast, secret=TOKEN, template="key={{secret}}")
    assert form.is_valid()
    save(cast, form)
    assert saved_headers(cast) == {"Authorization": f"Bearer {TOKEN}"}


def test_a_template_that_a_program_saved_stays(cast: Cast) -> None:
    saved = save_token(cast)
    Credential.objects.update(placement={"in": "header", "name": "X-Key", "template": "key={{secret}}"})
    saved.refresh_from_db()
    form = entered(cast, saved, secret=TOKEN, place="header", name="X-Key")
    assert form.is_valid() and form.entered.placement["template"] == "key={{secret}}"
    other = entered(cast, saved, secret=TOKEN, place="query", name="key")
    assert other.is_valid() and "template" not in other.entered.placement
