"""A domain is an organization's once the proof is found in its DNS or at its website; and then it is nobody else's."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from audit.models import Event
from harriet.people.errors import NotAllowed, PeopleError
from harriet.signin.actions.verify_domain import add_domain, remove_domain, verify_domain
from harriet.signin.domain_proof import Look
from harriet.signin.models import Domain
from harriet.signin.provider_queries import is_verified
from tests.stage.cast import Cast

pytestmark = pytest.mark.django_db


@dataclass
class World:
    """What stands in DNS and at websites."""

    records: dict[str, list[str]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)

    def dns(self, name: str) -> list[str]:
        if name not in self.records:
            raise LookupError(f"There is no TXT record at {name}.")
        return self.records[name]

    def web(self, address: str) -> str:
        if address not in self.pages:
            raise LookupError(f"{address} answers with 404.")
        return self.pages[address]

    @property
    def look(self) -> Look:
        return Look(self.dns, self.web)


def test_proof_in_dns(cast: Cast) -> None:
    by, world = cast.actor(cast.alice), World()
    domain = add_domain(cast.acme, " @Acme.TEST. ", actor=by)
    assert domain.name == "acme.test"
    assert not is_verified(cast.acme, "dana@acme.test")
    domain = verify_domain(domain, actor=by, look=world.look)
    assert domain.verified_at is None
    assert "no TXT record at _harriet.acme.test" in domain.problem
    world.records["_harriet.acme.test"] = ["v=spf1", domain.proof]
    domain = verify_domain(domain, actor=by, look=world.look)
    assert domain.verified_at is not None
    assert is_verified(cast.acme, "Dana@ACME.test")
    assert not is_verified(cast.acme, "dana@sub.acme.test")
    assert not is_verified(cast.globex, "dana@acme.test")
    assert Event.objects.filter(code="domain.verified").count() == 1


def test_proof_at_website(cast: Cast) -> None:
    domain = add_domain(cast.acme, "acme.test", actor=cast.actor(cast.alice))
    pages = {"https://acme.test/.well-known/harriet-domain.txt": f"{domain.proof}\n"}
    assert verify_domain(domain, actor=cast.actor(cast.alice), look=World(pages=pages).look).verified_at is not None


def test_one_organization_has_it(cast: Cast) -> None:
    """Globex publishes the same name with a proof of its own: the first one keeps it."""
    mine = add_domain(cast.acme, "acme.test", actor=cast.actor(cast.alice))
    theirs = add_domain(cast.globex, "acme.test", actor=cast.actor(cast.charlie))
    assert mine.proof != theirs.proof
    world = World({"_harriet.acme.test": [mine.proof, theirs.proof]})
    assert verify_domain(mine, actor=cast.actor(cast.alice), look=world.look).verified_at is not None
    lost = verify_domain(theirs, actor=cast.actor(cast.charlie), look=world.look)
    assert lost.verified_at is None
    assert "Another organization" in lost.problem
    remove_domain(mine, actor=cast.actor(cast.alice))
    assert verify_domain(theirs, actor=cast.actor(cast.charlie), look=world.look).verified_at is not None


@pytest.mark.parametrize("name", ["", "localhost", "127.0.0.1", "a b.test", "-a.test", "https://acme.test", "x" * 300])
def test_what_is_no_domain(cast: Cast, name: str) -> None:
    with pytest.raises(PeopleError, match="Give the domain"):
        add_domain(cast.acme, name, actor=cast.actor(cast.alice))
    assert not Domain.objects.exists()


def test_members_may_not(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        add_domain(cast.acme, "acme.test", actor=cast.actor(cast.dana))
