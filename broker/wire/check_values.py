"""Check digits of every identifier in a message (design 10, level *values*).

The schema knows the form of an identifier alone. Which numbering it follows is told by its
`schemeAgency`, so that no identifier added to the schema is forgotten here.
"""

from collections.abc import Callable
from functools import lru_cache

from lxml import etree

from broker.messages.identifiers import is_area_number, is_gsrn, is_party_eic, is_tax_number
from broker.messages.reasons import Reason, Refusal
from broker.wire.places import place_of, shortened
from broker.wire.schema import TAG_PREFIX

_TAX_NUMBERS = (TAG_PREFIX + "TaxNumber", TAG_PREFIX + "CustomerTaxNumber")
_AREA_NUMBER = TAG_PREFIX + "MeteringSite"

_is_party_eic = lru_cache(maxsize=4096)(is_party_eic)


def check_values(root: etree._Element) -> tuple[Refusal, ...]:
    """Every identifier of a valid tree whose check digit is wrong: WRONG_CHECK_DIGIT with place.

    Codes of areas have no check digit; area numbers have none either, their form is looked at.
    """
    refusals = []
    for element in root.iter():
        agency = element.get("schemeAgency")
        if agency is None:
            continue
        scheme, is_right = _check_of(agency, str(element.tag))
        if not is_right(element.text or ""):
            refusals.append(
                Refusal(
                    reason=Reason.WRONG_CHECK_DIGIT,
                    place=place_of(element),
                    line=element.sourceline,
                    found=shortened(element.text),
                    expected=scheme,
                )
            )
    return tuple(refusals)


def _check_of(agency: str, tag: str) -> tuple[str, Callable[[str], bool]]:
    if agency == "305":
        return "EIC", _is_party_eic
    if agency == "9":
        return "GSRN", is_gsrn
    if tag in _TAX_NUMBERS:
        return "SI", is_tax_number
    if tag == _AREA_NUMBER:
        return "N-NNNNNNN", is_area_number
    return "", bool
