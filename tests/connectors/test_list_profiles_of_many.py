"""One profile names most of a company: what is asked of the others' people doesn't read that one's."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

from connectors.models import Profile
from connectors.pages.profiles_list import FILTERS, with_names
from harriet.people.models import Membership, User
from tests.stage.cast import Cast


def removed(plan: Any) -> int:
    """Rows that were read in vain, in all loops."""
    own = int(plan.get("Rows Removed by Filter", 0)) * int(plan.get("Actual Loops", 1))
    return own + sum(map(removed, plan.get("Plans", [])))


def test_the_rows_of_the_list_are_found_by_index(cast: Cast) -> None:
    users = User.objects.bulk_create(User(email=f"p{n}@acme.test", name=f"P {n}") for n in range(3_000))
    members = Membership.objects.bulk_create(
        Membership(organization=cast.acme, user=user, role="member") for user in users
    )
    profiles = Profile.objects.bulk_create(
        Profile(organization=cast.acme, slug=f"profile-{n}", name=f"Profile {n}") for n in range(40)
    )
    profiles[0].people.set(members)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE connectors_profile_people, connectors_profile")
    everything = Profile.objects.filter(organization=cast.acme)
    for rows in (everything.filter(FILTERS[2].which), with_names(everything.order_by("name"))):
        plan = json.loads(rows.explain(analyze=True, format="json", buffers=False))[0]["Plan"]
        assert removed(plan) < 3_000, "all that one profile names were read for each"
