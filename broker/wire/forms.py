"""What a value of a simple type looks like, for findings: an example says more than a pattern.

The patterns stand in the schema alone; here each type that has one is shown by an example.
"""

from functools import cache

from lxml import etree

from broker.wire.places import SCHEMA_FILE

EXAMPLES = {
    "Identification": "SEVER-2026-000001",
    "Sha256": 64 * "0",
    "Day": "2026-03-02",
    "Instant": "2026-03-02T09:15:00+01:00",
    "TrueOrFalse": "true",
    "EicText": "28XSEVER-ENERGI8",
    "GsrnText": "383199900000000017",
    "AreaNumberText": "7-0000001",
    "AreaCodeText": "7",
    "TaxNumberText": "12345679",
    "SerialNumberText": "ZG-000001",
    "ObisText": "1-0:1.8.0",
    "RegisterValue": "10234.5",
    "DeliveryPointText": "DP-0001",
    "Multiplier": "1",
    "Share": "0.25",
    "PostalCode": "1000",
    "CountryCode": "SI",
    "StateName": "end_of_reading_period",
    "ReasonCodeText": "E10",
}

PRINTABLE_TEXT = r"[^\s\p{Cc}][^\p{Cc}]*"
"""The form of all free text: no control characters, no space first."""

_TEXT_TYPES = ("ShortText", "NameText", "LongText", "RuleNumber")
_XS = "{http://www.w3.org/2001/XMLSchema}"


@cache
def _type_of_pattern() -> dict[str, str]:
    schema = etree.parse(SCHEMA_FILE).getroot()
    return {
        pattern.get("value", ""): simple.get("name", "")
        for simple in schema.iterchildren(_XS + "simpleType")
        for pattern in simple.iter(_XS + "pattern")
    }


def form_of_pattern(pattern: str) -> str:
    """The type that has this pattern with an example; the pattern where there is none."""
    name = _type_of_pattern().get(pattern)
    if name in _TEXT_TYPES:
        return PRINTABLE_TEXT
    return f"pattern {pattern}" if name is None else form_of_type(name)


def form_of_type(name: str) -> str:
    """The name of a simple type of the schema, with an example where there is one."""
    example = EXAMPLES.get(name)
    return name if example is None else f"{name}: {example}"
