"""On a device's page an admin makes it stricter; what is no trust level is not said to be saved."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from harriet.people.models import Device
from tests.stage.cast import Cast


@pytest.mark.parametrize(("sent", "kept", "told"), [("manual", "manual", "success"), ("nonsense", "", "error")])
def test_what_is_told_is_what_became_of_it(client: Client, cast: Cast, sent: str, kept: str, told: str) -> None:
    laptop = Device.objects.create(organization=cast.acme, user=cast.dana, name="Laptop")
    client.force_login(cast.alice)
    answer = client.post(reverse("devices:trust", args=[laptop.pk]), {"trust": sent})
    laptop.refresh_from_db()
    assert (laptop.trust, [one.level_tag for one in get_messages(answer.wsgi_request)]) == (kept, [told])
