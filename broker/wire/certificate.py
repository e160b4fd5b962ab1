"""A client certificate as its holder hands it over: which one it is and how long it lasts.

What else it says is nobody's business here: who issued it is checked when a connection is made,
and whose it is stands in the register of participants.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256


class UnreadableCertificate(ValueError):
    """The text is not one certificate in PEM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The SHA-256 over all of a certificate, and the last instant at which it is valid."""

    fingerprint: bytes
    valid_until: datetime


def read_certificate(pem: str) -> Certificate:
    """The one certificate in this text. Raises UnreadableCertificate."""
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise UnreadableCertificate("this is no certificate in PEM") from error
    if len(found) != 1:
        raise UnreadableCertificate("one certificate is wanted, without those that signed it")
    (certificate,) = found
    return Certificate(
        fingerprint=certificate.fingerprint(SHA256()),
        valid_until=certificate.not_valid_after_utc,
    )
