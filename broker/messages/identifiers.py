"""Identifiers of parties, points and meters, each with its own check.

An identifier travels untouched: it is checked, never re-keyed or normalised. Party numbers are EIC
codes, point numbers GS1 GSRNs (rules D1, D2); the short names below are distinct types to mypy.
"""

import re
from typing import NewType

from stdnum import ean
from stdnum.eu import eic
from stdnum.si import ddv

Eic = NewType("Eic", str)
"""Energy identification code of a party, 16 characters, type X."""
Gsrn = NewType("Gsrn", str)
"""GS1 global service relation number, 18 digits, the last a check digit (D1)."""
AreaNumber = NewType("AreaNumber", str)
"""A metering site's own number: area code, hyphen, at most seven digits (D2)."""
AreaCode = NewType("AreaCode", str)
"""Code of the distribution area, one or two digits without leading zeros (D2)."""
TaxNumber = NewType("TaxNumber", str)
"""Slovene tax number, eight digits."""
SerialNumber = NewType("SerialNumber", str)
"""The number the maker gave a meter."""
ObisCode = NewType("ObisCode", str)
"""Register on a meter, such as 1-0:1.8.0."""
MessageId = NewType("MessageId", str)
"""The sender's own identification of a message, at most 36 characters."""
CaseId = NewType("CaseId", str)
"""The broker's number of a case (a UUID that tells nothing of the volume)."""
ReceiptNumber = NewType("ReceiptNumber", str)
"""The broker's number of one attempt at sending a message."""
DocumentId = NewType("DocumentId", str)
"""The broker's identification of a document in a mailbox."""
DeliveryPoint = NewType("DeliveryPoint", str)
"""The operator's own number of a delivery point."""

_AREA_NUMBER = re.compile(r"[1-9][0-9]?-[0-9]{1,7}")


def is_party_eic(text: str) -> bool:
    """Whether the text is an EIC of a party: 16 characters, type X, right check character."""
    return len(text) == 16 and text[2] == "X" and text[15] != "-" and eic.is_valid(text)


def is_gsrn(text: str) -> bool:
    """Whether the text is a GSRN with the right GS1 modulo-10 check digit (D1)."""
    return (
        len(text) == 18
        and text.isascii()
        and text.isdigit()
        and ean.calc_check_digit(text[:17]) == text[17]
    )


def is_area_number(text: str) -> bool:
    """Whether the text has the form of a metering site's area number (D2)."""
    return _AREA_NUMBER.fullmatch(text) is not None


def is_tax_number(text: str) -> bool:
    """Whether the text is a Slovene tax number of eight digits with its check digit."""
    return len(text) == 8 and text.isascii() and text.isdigit() and ddv.is_valid(text)


def gsrn_with_check_digit(first_17_digits: str) -> Gsrn:
    """The GSRN that begins with these 17 digits (D1). Raises ValueError on anything else."""
    if len(first_17_digits) != 17 or not (first_17_digits.isascii() and first_17_digits.isdigit()):
        raise ValueError(f"a GSRN needs 17 digits before its check digit: {first_17_digits!r}")
    return Gsrn(first_17_digits + ean.calc_check_digit(first_17_digits))
