"""A valid SwitchRequest, ShareClaim or SharedSupplyRequest as its type (A9, B1, B5)."""

from collections.abc import Iterator

from lxml import etree

from broker.messages.codes import Direction, MediaType, Payer
from broker.messages.identifiers import AreaNumber, Eic, Gsrn, TaxNumber
from broker.messages.requests import (
    Attachment,
    ChosenSupplier,
    ContractingParty,
    CustomerApplication,
    SupplyContract,
    SwitchRequest,
)
from broker.wire.attachments import described
from broker.wire.elements import (
    address_of,
    all_named,
    day_of,
    decimal_of,
    parts_of,
    point_of,
    text_of,
    truth_of,
)
from broker.wire.envelope import header_of


def request_of(root: etree._Element, documents: tuple[bytes, ...]) -> SwitchRequest:
    """The request of a valid tree; `documents` are its attachments, in order (A9, B1, B5)."""
    parts = parts_of(root)
    remaining = iter(documents)
    requested = parts_of(parts["RequestedDate"]).get("Date")
    consent, authorisation = parts.get("OneBillConsentOn"), parts.get("Authorisation")
    return SwitchRequest(
        header=header_of(root),
        point=point_of(parts["Point"]),
        contracting_party=_contracting_party(parts["ContractingParty"]),
        network_charge_payer=Payer(text_of(parts["NetworkChargePayer"])),
        one_bill_consent_on=None if consent is None else day_of(consent),
        authorised_on=None if authorisation is None else day_of(authorisation[0]),
        customer_application=_customer_application(parts.get("CustomerApplication")),
        chosen=tuple(_chosen(one, remaining) for one in all_named(root, "ChosenSupplier")),
        requested_date=None if requested is None else day_of(requested),
    )


def _customer_application(element: etree._Element | None) -> CustomerApplication | None:
    if element is None:
        return None
    served_on = parts_of(element).get("ServedOn")
    return CustomerApplication(served_on=None if served_on is None else day_of(served_on))


def _contracting_party(element: etree._Element) -> ContractingParty:
    parts = parts_of(element)
    return ContractingParty(
        name=text_of(parts["Name"]),
        tax_number=TaxNumber(text_of(parts["TaxNumber"])),
        address=address_of(parts["Address"]),
    )


def _chosen(element: etree._Element, documents: Iterator[bytes]) -> ChosenSupplier:
    parts = parts_of(element)
    share = parts.get("Share")
    contract = parts.get("Contract")
    return ChosenSupplier(
        direction=Direction(text_of(parts["Direction"])),
        supplier=Eic(text_of(parts["Supplier"])),
        name=text_of(parts["Name"]),
        share=None if share is None else decimal_of(share),
        contract=None if contract is None else _contract(contract, documents),
    )


def _contract(element: etree._Element, documents: Iterator[bytes]) -> SupplyContract:
    parts = parts_of(element)
    parties = parts_of(parts["Parties"])
    validity = parts_of(parts["Validity"])
    valid_to = validity.get("To")
    return SupplyContract(
        reference=text_of(parts["Reference"]),
        customer_name=text_of(parties["CustomerName"]),
        customer_tax_number=TaxNumber(text_of(parties["CustomerTaxNumber"])),
        supplier=Eic(text_of(parties["Supplier"])),
        valid_from=day_of(validity["From"]),
        valid_to=None if valid_to is None else day_of(valid_to),
        accounting_point=Gsrn(text_of(parts["AccountingPoint"])),
        metering_site=AreaNumber(text_of(parts["MeteringSite"])),
        customer_signed_on=day_of(parts["CustomerSignedOn"]),
        supplier_signed_on=day_of(parts["SupplierSignedOn"]),
        self_supply=truth_of(parts["SelfSupply"]),
        document=_document(parts["Attachment"], next(documents)),
    )


def _document(element: etree._Element, document: bytes) -> Attachment:
    return described(document, MediaType(element.get("mediaType")))
