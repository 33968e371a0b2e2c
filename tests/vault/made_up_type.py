"""Run in a process of its own: a type that Harriet doesn't know is registered, then asked of every place that lists
types. Prints what each place made of it."""

import json

from vault.types.base import CredentialType, Input
from vault.types.one_place import check_secret, place, sent_as
from vault.types.registry import TYPES

REGION = Input("region", "at", "Region", "Where the account is.", choices=(("eu", "Europe"), ("us", "America")))
TYPES["made_up"] = CredentialType(
    code="made_up",
    name="Made up",
    label="Made up for a test",
    inputs=(REGION,),
    check_placement=lambda given: {"in": "header", "name": f"X-{given.get('at') or 'eu'}", "template": "{{secret}}"},
    check_secret=check_secret,
    place=place,
    sent_as=sent_as,
    example={"region": "us"},
)

if __name__ == "__main__":
    import django

    django.setup()
    from django.core.management import call_command

    from connectors.api.serializers import AuthenticationSerializer
    from harriet.console.setup_file.form import AuthenticationPart, read
    from harriet.lib.secret import Secret
    from harriet.people.models import Organization
    from vault.models import Credential
    from vault.open import open_unsaved
    from vault.pages.credential_form import CredentialForm, initial_of

    form = CredentialForm(organization=Organization())
    given = AuthenticationSerializer(data={"type": "made_up", "secret": "sesame", "region": "us"})
    given.is_valid(raise_exception=True)
    authentication = {"type": "made_up", "secret": {"env": "ANY"}, "at": "us"}
    setup = {
        "organization": {"slug": "acme", "name": "Acme"},
        "connectors": [{"slug": "crm", "name": "CRM", "url": "https://crm.test", "authentication": authentication}],
    }
    part: AuthenticationPart = read(json.dumps(setup).encode()).connectors[0].authentication
    saved = Credential(type="made_up", placement={"at": "us"})
    with open_unsaved("made_up", Secret("sesame"), placement=part.entered.placement) as opened:
        headers = dict(opened.headers)
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    print(
        json.dumps(
            {
                "offered": dict(form["type"].field.choices)["made_up"],
                "field": [
                    form["region"].label,
                    form["region"].help_text,
                    form["region"].field.widget.attrs["data-for"],
                ],
                "api": given.validated_data["region"],
                "file": [part.type, part.entered.placement],
                "word": saved.get_type_display(),
                "shown again": initial_of(saved)["region"],
                "sent": headers,
            }
        )
    )
