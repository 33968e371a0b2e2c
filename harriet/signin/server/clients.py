"""Which client asks: looked up within one organization, because each is an issuer of its own."""

from __future__ import annotations

from harriet.people.models import Organization
from harriet.signin.models import Application
from harriet.signin.protocol.problems import OAuthProblem
from harriet.signin.server.documents import client_of_document, is_document_address

LONGEST_ID = 255


def find_client(organization: Organization, client_id: str, *, may_fetch: bool = False) -> Application | None:
    """None for nobody's id. `may_fetch` where a document that was never read may be asked for. Raises OAuthProblem when
    it can't be read."""
    if not client_id or len(client_id) > LONGEST_ID:
        return None
    known = Application.objects.filter(organization=organization, client_id=client_id).first()
    if known is None and not (may_fetch and is_document_address(client_id)):
        return None
    is_document = known is None or known.registration_source == Application.RegistrationSource.CIMD
    return client_of_document(organization, client_id, known) if is_document and may_fetch else known


def client_problem(application: Application) -> OAuthProblem | None:
    """Why the client gets nothing for now, as it is told. Not `invalid_client`: it would register anew, and be back."""
    if application.standing == Application.Standing.ALLOWED:
        return None
    waits = application.standing == Application.Standing.WAITING
    return OAuthProblem(
        "unauthorized_client",
        "An IT admin of the organization has to allow this client first."
        if waits
        else "An IT admin of the organization has blocked this client.",
    )
