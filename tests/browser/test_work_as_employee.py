"""An employee who has never heard of OAuth: what she may use, what she asks for, what her clients did."""

from __future__ import annotations

import pytest

from approvals.models import AccessRequest, PendingAction
from harriet.people.models import AccessToken, Notice
from tests.stage.cast import Cast
from tests.stage.company import make_busy_company
from tests.stage.hands import WAYS, Hands, Way
from tests.stage.site import Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_an_employee_on_a_tuesday(site: Site, cast: Cast, way: Way) -> None:
    make_busy_company(cast)
    dana = Hands(site, cast.dana, way)
    sees_what_she_may_use(dana)
    asks_for_more(dana, cast)
    withdraws_a_call(dana)
    reads_what_her_clients_did(dana)
    connects_a_client(dana)
    dana.done()


def sees_what_she_may_use(dana: Hands) -> None:
    dana.open("/")
    assert dana.page.url.endswith("/me/waiting/") or dana.page.url.endswith("/me/")
    dana.look()
    dana.follow("My tools")
    dana.sees("CRM", "Somebody approves each call", "Runs at once", "You last used it", "ago")
    dana.look()
    dana.choose("Asks first", "Yes")
    dana.press("Show")
    dana.sees("send_mail")
    dana.sees_no("search_customers")


def asks_for_more(dana: Hands, cast: Cast) -> None:
    dana.follow("Request access")
    dana.write("Name", "warehouse")
    dana.press("Search")
    dana.follow_like("^Ask for it.*Data warehouse")
    dana.look()
    dana.write("What do you need it for?", "The figures of the quarter, for the board.")
    dana.press("Send the request")
    dana.sees("You asked: ticket #")
    asked = AccessRequest.objects.get()
    assert asked.connector is not None and asked.connector.name == "Data warehouse"
    assert Notice.objects.filter(user=cast.alice, text__contains="Data warehouse").exists(), "its owner is told"


def withdraws_a_call(dana: Hands) -> None:
    dana.follow_like("^Waiting for me")
    dana.sees("Yours, waiting for a decision", "Data warehouse")
    dana.look()
    dana.press_like("^Withdraw ticket 3$")
    dana.sees("Withdrawn. The call has not run, and your client is told so.")
    assert PendingAction.objects.get(ticket__number=3).state == "withdrawn"


def reads_what_her_clients_did(dana: Hands) -> None:
    dana.follow("Activity")
    dana.sees("You called", "on Dana's laptop")
    dana.look()
    dana.choose("Result", "Refused")
    dana.press("Show")
    dana.sees("You were refused", "Dana is in none of the groups that may call it")
    dana.sees_no("You called")


def connects_a_client(dana: Hands) -> None:
    """One button; the steps are for her system, the secret stands in one place, and no consent is asked for."""
    dana.follow("Connect a client")
    dana.look()
    dana.choose("Client", "Claude Code")
    dana.choose("Profile", "Work")
    dana.choose("Device", "A new device")
    dana.write("Name of the new device", "Windows laptop")
    dana.press("Issue a credential and show the steps")
    token = AccessToken.objects.get(device__name="Windows laptop")
    dana.sees(
        "The credential", "Windows (PowerShell)", "setx ", "macOS and Linux", "export ", "Waiting for your first call"
    )
    dana.look()
    secret = dana.page.get_by_label("The credential", exact=True).text_content() or ""
    assert secret.strip().endswith(token.hint) and secret.strip() not in dana.page.url
    dana.page.reload()
    dana.sees("It was shown on this page, once")
    assert AccessToken.objects.filter(device__name="Windows laptop").count() == 1, "a reload makes no second one"
