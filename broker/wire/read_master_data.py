"""A valid MasterDataRequest as its type (A4)."""

from lxml import etree

from broker.messages.codes import EntitlementKind, Purpose, WantedData
from broker.messages.identifiers import TaxNumber
from broker.messages.requests import Entitlement, MasterDataRequest, NamedCustomer
from broker.wire.elements import all_named, day_of, parts_of, point_of, text_of
from broker.wire.envelope import header_of


def master_data_request_of(root: etree._Element) -> MasterDataRequest:
    """The request for data of a valid tree (A4)."""
    parts = parts_of(root)
    customer = parts_of(parts["ContractingParty"])
    entitlement = parts_of(parts["Entitlement"])
    return MasterDataRequest(
        header=header_of(root),
        point=point_of(parts["Point"]),
        contracting_party=NamedCustomer(
            name=text_of(customer["Name"]), tax_number=TaxNumber(text_of(customer["TaxNumber"]))
        ),
        entitlement=Entitlement(
            kind=EntitlementKind(text_of(entitlement["Kind"])),
            signed_on=day_of(entitlement["SignedOn"]),
        ),
        purpose=Purpose(text_of(parts["Purpose"])),
        wanted=tuple(WantedData(text_of(one)) for one in all_named(root, "Wanted")),
    )
