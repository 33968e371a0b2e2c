"""The made-up customers of the sample server."""

from typing import TypedDict


class Customer(TypedDict):
    id: str
    name: str
    contact: str
    email: str
    city: str
    plan: str
    since: str
    open_invoices: int
    notes: list[str]


CUSTOMERS: tuple[Customer, ...] = (
    Customer(
        id="C-1001", name="Lighthouse Bakery", contact="Ines Vogt", email="ines@lighthouse.example", city="Hamburg",
        plan="Team", since="2021-03-09", open_invoices=0, notes=["Prefers mail over phone."],
    ),
    Customer(
        id="C-1002", name="Northwind Cycles", contact="Piet de Boer", email="piet@northwind.example", city="Utrecht",
        plan="Business", since="2019-11-22", open_invoices=2, notes=["Renewal in January.", "Asked about SSO."],
    ),
    Customer(
        id="C-1003", name="Quince & Daughters", contact="Maya Quince", email="maya@quince.example", city="Bristol",
        plan="Starter", since="2024-06-01", open_invoices=1, notes=[],
    ),
    Customer(
        id="C-1004", name="Sorrel Logistics", contact="Jonas Lindqvist", email="jonas@sorrel.example", city="Malmö",
        plan="Enterprise", since="2018-02-14", open_invoices=0, notes=["Key account: Alice signs everything."],
    ),
    Customer(
        id="C-1005", name="Atelier Brume", contact="Chloé Marchand", email="chloe@brume.example", city="Nantes",
        plan="Team", since="2023-09-18", open_invoices=0, notes=[],
    ),
    Customer(
        id="C-1006", name="Copper Kettle Inns", contact="Rhys Morgan", email="rhys@kettle.example", city="Cardiff",
        plan="Business", since="2020-07-30", open_invoices=3, notes=["Payment plan agreed until March."],
    ),
)  # fmt: skip


def find(customer_id: str) -> Customer | None:
    return next((customer for customer in CUSTOMERS if customer["id"] == customer_id), None)


def search(text: str) -> list[Customer]:
    """Those in whose name, contact, city or plan the text occurs; all for an empty text."""
    wanted = text.casefold()
    return [one for one in CUSTOMERS if wanted in _searchable(one)]


def _searchable(customer: Customer) -> str:
    fields = (customer["id"], customer["name"], customer["contact"], customer["city"], customer["plan"])
    return "\n".join(fields).casefold()
